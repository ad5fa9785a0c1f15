// A small service for containers, and what calls it and others. One static program, because the image has nothing but busybox.
//   calls serve PORT WORKERS            forked HTTP server: each call costs 0.5 ms of CPU
//   calls burst THREADS CPU_MS PAUSE_MS SEED FILE   closed loop: bursts on so many threads with drawn pauses after them; a line each: ms
//   calls load [ADDRESS:]PORT RATE SECONDS SEED   open loop, Poisson: prints the ms of each call, from its intended start
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr double kCall = 0.0005;   // s of CPU

double read_clock(clockid_t which) {
  timespec t{};
  clock_gettime(which, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}
double now() { return read_clock(CLOCK_MONOTONIC); }
void burn(double seconds) {
  for (const double end = read_clock(CLOCK_THREAD_CPUTIME_ID) + seconds; read_clock(CLOCK_THREAD_CPUTIME_ID) < end;) {
  }
}
void sleep_until(double at) {
  const timespec t{static_cast<time_t>(at), static_cast<long>((at - static_cast<double>(static_cast<time_t>(at))) * 1e9)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) != 0) {
  }
}

sockaddr_in address(const std::string& text) {   // PORT on the loopback, or ADDRESS:PORT
  const auto colon = text.find(':');
  const bool has = colon != std::string::npos;
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + (has ? colon + 1 : 0))));
  a.sin_addr.s_addr = has ? inet_addr(text.substr(0, colon).c_str()) : htonl(INADDR_LOOPBACK);
  return a;
}

bool read_request(int fd) {
  std::string text;
  char part[512];
  while (text.find("\r\n\r\n") == std::string::npos) {
    const ssize_t n = read(fd, part, sizeof part);
    if (n <= 0) return false;
    text.append(part, static_cast<std::size_t>(n));
  }
  return true;
}

[[noreturn]] void work(int listening) {
  constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
  for (;;) {
    const int fd = accept(listening, nullptr, nullptr);
    if (fd < 0) continue;
    if (read_request(fd)) {
      burn(kCall);
      (void)!write(fd, kAnswer, sizeof kAnswer - 1);
    }
    close(fd);
  }
}

int serve(const std::string& port, int workers) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in a = address(port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0 || listen(fd, 512) != 0) return std::perror("bind"), 1;
  for (int i = 0; i < workers; ++i)
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      work(fd);
    }
  for (;;) pause();
}

int burst(int threads, double cpu, double pause, unsigned seed, const char* file) {
  std::mt19937 random(seed);
  std::exponential_distribution<double> rest(1 / pause);
  std::FILE* out = std::fopen(file, "a");
  if (out == nullptr) return std::perror(file), 1;
  for (;;) {
    const double begin = now();
    std::vector<std::thread> team;
    for (int i = 0; i < threads; ++i) team.emplace_back([=] { burn(cpu / threads); });
    for (auto& one : team) one.join();
    std::fprintf(out, "%.3f\n", (now() - begin) * 1000);
    std::fflush(out);
    sleep_until(now() + rest(random));
  }
}

double call(const sockaddr_in& a, double intended) {
  constexpr char kRequest[] = "GET / HTTP/1.0\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";   // 1.0: the end of the answer is the connection's
  constexpr auto kSize = static_cast<ssize_t>(sizeof kRequest - 1);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  char part[4096];
  double took = -1;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0 && write(fd, kRequest, kSize) == kSize) {
    bool any = false;
    while (read(fd, part, sizeof part) > 0) any = true;
    if (any) took = (now() - intended) * 1000;
  }
  close(fd);
  return took;
}

int load(const sockaddr_in& target, double rate, double seconds, unsigned seed) {
  constexpr int kCallers = 16;
  std::mt19937 random(seed);
  std::exponential_distribution<double> gap(rate);
  std::vector<double> at;
  for (double t = gap(random); t < seconds; t += gap(random)) at.push_back(t);
  std::vector<double> took(at.size());
  std::atomic<std::size_t> next{0};
  const double begin = now() + 0.05;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i)
    callers.emplace_back([&] {
      for (std::size_t n = next++; n < at.size(); n = next++) {
        sleep_until(begin + at[n]);
        took[n] = call(target, begin + at[n]);
      }
    });
  for (auto& one : callers) one.join();
  for (const double ms : took) std::printf("%.4f\n", ms);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "serve" && argc == 4) return serve(argv[2], std::atoi(argv[3]));
  if (what == "burst" && argc == 7)
    return burst(std::atoi(argv[2]), std::atof(argv[3]) / 1000, std::atof(argv[4]) / 1000, static_cast<unsigned>(std::atoi(argv[5])), argv[6]);
  if (what == "load" && argc == 6) return load(address(argv[2]), std::atof(argv[3]), std::atof(argv[4]), static_cast<unsigned>(std::atoi(argv[5])));
  std::fprintf(stderr, "usage: calls serve|burst|load, see the source\n");
  return 2;
}
