#include "lab/daemon.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

namespace headroom::lab {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void run(const std::vector<std::string>& words, const std::string& log) {
  setpgid(0, 0);                       // Ctrl-C goes to the lab, which ends the daemon when it is done with it
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fd >= 0) {
    dup2(fd, 1);
    dup2(fd, 2);
  }
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

/// A guard started by the daemon has a session of its own; it is known by our run directory on its command line.
std::vector<pid_t> guards_of(const std::string& dir) {
  std::vector<pid_t> out;
  std::error_code none;
  for (fs::directory_iterator it("/proc", none), end; it != end; it.increment(none)) {
    const auto name = it->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream in(it->path() / "cmdline");
    std::string line((std::istreambuf_iterator<char>(in)), {});
    if (line.find("headroom-guard") != std::string::npos && line.find(dir) != std::string::npos) {
      out.push_back(std::stoi(name));
    }
  }
  return out;
}

std::string tail(const std::string& file) {
  std::ifstream in(file);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

bool exited(pid_t& pid, int& status) {
  if (pid <= 0) return true;
  if (waitpid(pid, &status, WNOHANG) != pid) return false;
  pid = -1;
  return true;
}

std::string how(int status) {
  if (WIFSIGNALED(status)) return fmt::format("ended by signal {}", WTERMSIG(status));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace

Result<Daemon> Daemon::start(const std::string& program, const std::string& dir, const std::string& config, int port,
                             const std::string& cgroup_root, const std::string& policy) {
  if (access(program.c_str(), X_OK) != 0) return fail(Errc::absent, program, "no such program; build headroomd first");
  Daemon out;
  out.port_ = port;
  out.dir_ = dir;
  out.log_ = dir + "/headroomd.log";
  std::error_code none;
  fs::create_directories(dir + "/run", none);
  fs::create_directories(dir + "/state", none);
  std::ofstream(dir + "/headroom.yaml") << config;
  std::vector<std::string> words{program, "--config", dir + "/headroom.yaml", "--mode", "enforce",
                                 "--cgroup-root", cgroup_root, "--run-dir", dir + "/run",
                                 "--state-dir", dir + "/state"};
  if (!policy.empty()) words.insert(words.end(), {"--policy", policy});
  out.pid_ = fork();
  if (out.pid_ == 0) run(words, out.log_);
  int status = 0;
  for (int attempt = 0; attempt < 1500; ++attempt) {
    std::this_thread::sleep_for(milliseconds{20});
    if (exited(out.pid_, status)) return fail(Errc::io, program, how(status) + ":\n" + tail(out.log_));
    const auto body = out.metrics();
    if (body && metric_sum(*body, "headroom_mode", "mode=\"enforce\"") == 1) return out;
  }
  return fail(Errc::io, program, "not in mode enforce after 30 s:\n" + tail(out.log_));
}

Daemon::Daemon(Daemon&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), port_(other.port_), dir_(other.dir_), log_(other.log_) {}

Daemon& Daemon::operator=(Daemon&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(port_, other.port_);
  std::swap(dir_, other.dir_);
  std::swap(log_, other.log_);
  return *this;
}

Daemon::~Daemon() { stop(); }

Result<std::string> Daemon::metrics() const { return http_get(port_, "/metrics"); }

tl::unexpected<Error> Daemon::silence(const Error& error) const {
  siginfo_t info{};
  const bool ended = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  if (!ended) return tl::unexpected(error);
  const auto how = fmt::format("{} {}", info.si_code == CLD_EXITED ? "with status" : "by signal", info.si_status);
  return fail(Errc::gone, "headroomd", fmt::format("it ended {} while it was measured: run it again (--keep-logs DIR keeps its log). The log's end:\n{}", how, tail(log_)));
}

Result<DaemonCounters> Daemon::counters() const {
  auto body = metrics();
  if (!body) return silence(body.error());
  DaemonCounters out;
  out.all_writes = metric_sum(*body, "headroom_cgroup_writes_total", "");
  // Weights refill nothing (KERNEL 1); everything else that is written does.
  out.refilling_writes = out.all_writes - metric_sum(*body, "headroom_cgroup_writes_total", "file=\"shares\"") -
                         metric_sum(*body, "headroom_cgroup_writes_total", "file=\"cpu.shares\"") -
                         metric_sum(*body, "headroom_cgroup_writes_total", "file=\"cpu.weight\"");
  std::ifstream in(fmt::format("/proc/{}/stat", pid_));
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return fail(Errc::gone, log_, "the daemon is gone:\n" + tail(log_));
  std::istringstream fields(text.substr(after_name + 1));
  std::string skip;
  for (int i = 0; i < 11; ++i) fields >> skip;    // state … cmajflt; then utime, stime (proc(5))
  double user = 0, system = 0;
  fields >> user >> system;
  out.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return out;
}

Result<> Daemon::command(const std::string& word) const {
  auto answer = http_post(dir_ + "/state/control.sock", "/v1/" + word);
  if (!answer) return silence(answer.error());
  return {};
}

Result<double> Daemon::harm() const {
  const auto groups = http_get(dir_ + "/state/control.sock", "/v1/groups");
  if (!groups) return silence(groups.error());
  const auto sum = harm_in(*groups);
  if (!sum) return fail(Errc::io, "/v1/groups", "no list of groups with harmSeconds");
  return *sum;
}

std::vector<std::string> Daemon::events() const {
  const auto status = http_get(dir_ + "/state/control.sock", "/v1/status");
  return status ? events_in(*status) : std::vector<std::string>{};
}

std::vector<pid_t> Daemon::guards() const { return guards_of(dir_); }

void Daemon::stop() {
  if (pid_ <= 0) return;
  int status = 0;
  kill(pid_, SIGTERM);
  for (int i = 0; i < 250 && !exited(pid_, status); ++i) std::this_thread::sleep_for(milliseconds{20});
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }
  for (int i = 0; i < 100 && !guards_of(dir_).empty(); ++i) std::this_thread::sleep_for(milliseconds{20});
  for (const auto guard : guards_of(dir_)) kill(guard, SIGTERM);
}

}  // namespace headroom::lab
