// The real headroomd, plain or with hooks, in a run directory that stays from one life to the next.
#pragma once

#include <sys/mman.h>
#include <sys/syscall.h>

#include <functional>
#include <map>
#include <sstream>

#include "agent/http_server.hpp"
#include "cgroups/ledger/layout.hpp"
#include "tests/live/kill_node.hpp"

namespace headroom::live {

/// Run directory, state directory, log and what the hooks write, all in memory where the machine has a tmpfs.
class RunFiles {
 public:
  RunFiles() {
    std::string name = std::string(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/run") + "/hr-kill-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    path_ = name;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // a dead daemon's guard ends as ours
  }
  RunFiles(const RunFiles&) = delete;
  RunFiles& operator=(const RunFiles&) = delete;
  ~RunFiles() {
    ledger::unmap_image(image_);
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  std::string operator/(const char* name) const { return path_ + "/" + name; }
  std::string text(const char* name) const {
    std::ifstream in(*this / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// The ledger's words; throws where there is none.
  ledger::Header& header() {
    const auto map = [&] { return ledger::map_image((*this / "run").c_str(), ledger::Missing::fail, image_) == ledger::Status::ok; };
    if (image_ == nullptr && !eventually(map, milliseconds{20'000})) throw std::runtime_error("no ledger");
    return image_->header;
  }

 private:
  std::string path_;
  ledger::Image* image_ = nullptr;
};

struct DaemonArgs {
  const char* program = "headroomd";       ///< or headroomd-hooked
  std::string fault;                       ///< HEADROOM_FAULT
  std::string visibility = "file";
  std::string tuning = "hold: 20, least: 1, punctuality: 1000, harmWindow: 1000, weightEighths: 4";
  std::string more;                        ///< lines of configuration
  std::vector<std::string> arguments;
  std::function<void()> before_exec;       ///< in the child
};

class Daemon {
 public:
  Daemon(const RunFiles& files, const Node& node, const DaemonArgs& args) : files_(files) {
    std::ofstream(files_ / "headroom.yaml")
        << "version: 1\nmode: enforce\npolicy: headroom\nlisten: 127.0.0.1:0\nlog: {level: info}\nnode: {steal: 100%}\n" << "tuning: {" << args.tuning << "}\n"
        << args.more << "classes:\n  - name: step\n    match: [{path: \"kubepods/burstable/*/*\"}]\n"
        << "    borrow: {upTo: 8 cores, start: 0s, credit: 100 cpu-min, visibility: " << args.visibility << "}\n";
    for (const char* name : {"log", "writes", "stamp"}) (void)::unlink((files_ / name).c_str());
    pid_ = ::fork();
    if (pid_ == 0) run(node, args);
    pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    (void)reap();
    if (pidfd_ >= 0) ::close(pidfd_);
  }

  pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  bool dead() const {
    siginfo_t info{};
    return pid_ <= 0 || (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_);
  }
  bool stopped() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  }
  /// Its exit status; -1: killed. Waits.
  int reap() {
    int status = 0;
    while (pid_ > 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid_ <= 0) return -1;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string get(const std::string& path) const {
    return ask_unix(files_ / "state/control.sock", HttpMethod::get, path).value_or(HttpAnswer{}).body;
  }
  std::string log() const { return files_.text("log"); }
  /// Every write that was about to be made: file and text. Hooked only.
  std::vector<std::pair<std::string, std::string>> writes() const {
    std::istringstream in(files_.text("writes"));
    std::vector<std::pair<std::string, std::string>> out;
    for (std::string line; std::getline(in, line);)
      if (const auto space = line.find(' '); space != std::string::npos) out.emplace_back(line.substr(0, space), line.substr(space + 1));
    return out;
  }
  /// When the hook killed or stopped it; 0: it did not.
  nanoseconds stamp() const {
    std::int64_t at = 0;
    std::istringstream(files_.text("stamp")) >> at;
    return nanoseconds{at};
  }

  static std::string beside(const char* program) {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / program;
  }

 private:
  [[noreturn]] void run(const Node& node, const DaemonArgs& args) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpriority(PRIO_PROCESS, 0, 0);
    const int fd = ::open((files_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(fd, 1);
    ::dup2(fd, 2);
    if (args.before_exec) args.before_exec();
    ::setenv("HEADROOM_FAULT", args.fault.c_str(), 1);
    ::setenv("HEADROOM_WRITE_LOG", (files_ / "writes").c_str(), 1);
    ::setenv("HEADROOM_FAULT_STAMP", (files_ / "stamp").c_str(), 1);
    std::vector<std::string> words{beside(args.program), "--config", files_ / "headroom.yaml", "--cgroup-root", node.root_dir(),
                                   "--run-dir", files_ / "run", "--state-dir", files_ / "state", "--judge", "none"};
    words.insert(words.end(), args.arguments.begin(), args.arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  const RunFiles& files_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
};

}  // namespace headroom::live
