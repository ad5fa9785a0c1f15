// The real headroomd as a child, on a scratch subtree with directories of its own.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>

#include <csignal>

#include "agent/http_server.hpp"
#include "tests/support/spinner.hpp"

namespace headroom::live {

/// Kept until the test is over; removed with everything in it.
class Directory {
 public:
  Directory() {
    if (mkdtemp(path_) == nullptr) throw std::runtime_error("mkdtemp");
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  std::string operator/(const char* name) const { return std::string(path_) + "/" + name; }

 private:
  char path_[32] = "/tmp/headroom-live-XXXXXX";
};

class DaemonProcess {
 public:
  /// @param more  arguments beside --config, --cgroup-root, --state-dir and --run-dir
  /// @param program  headroomd, or headroomd-hooked (which its environment commands)
  DaemonProcess(const Directory& dir, const std::string& root, const std::string& config, std::vector<std::string> more,
                const char* program = "headroomd")
      : dir_(dir) {
    std::ofstream(dir_ / "headroom.yaml") << config;
    std::vector<std::string> words{beside(program), "--config", dir_ / "headroom.yaml", "--cgroup-root", root,
                                   "--state-dir", dir_ / "state", "--run-dir", dir_ / "run"};
    words.insert(words.end(), more.begin(), more.end());
    pid_ = ::fork();
    if (pid_ == 0) run(words, dir_ / "log");
  }
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;
  ~DaemonProcess() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);   // its guard puts back what is out
    (void)exit_code();
  }

  void signal(int number) const { ::kill(pid_, number); }
  /// Waits for its end. -1: it did not end by itself.
  int exit_code() {
    int status = 0;
    if (pid_ <= 0 || ::waitpid(std::exchange(pid_, -1), &status, 0) < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string get(const std::string& path) const {
    return ask_unix(dir_ / "state/control.sock", HttpMethod::get, path).value_or(HttpAnswer{}).body;
  }
  std::string post(const std::string& path) const {
    return ask_unix(dir_ / "state/control.sock", HttpMethod::post, path).value_or(HttpAnswer{}).body;
  }
  bool shows(const std::string& path, const std::string& text, milliseconds patience = milliseconds{20'000}) const {
    return eventually([&] { return get(path).find(text) != std::string::npos; }, patience);
  }
  std::string log() const {
    std::ifstream in(dir_ / "log");
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  /// Beside this test: in a guest nothing lies where it was built.
  static std::string beside(const char* program) {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / program;
  }
  [[noreturn]] static void run(const std::vector<std::string>& words, const std::string& log) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(fd, 1);
    ::dup2(fd, 2);
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  const Directory& dir_;
  pid_t pid_ = -1;
};

}  // namespace headroom::live
