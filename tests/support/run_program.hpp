// A program of ours, run as its user runs it: its output, its complaints, its exit code.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace headroom::support {

struct Ran {
  int code = -1;           ///< -1: it did not end by itself
  std::string out, err;
};

using Environment = std::vector<std::pair<std::string, std::string>>;

/// Runs words[0] with the others; stdin is empty, stdout and stderr are pipes.
inline Ran run(const std::vector<std::string>& words, const Environment& environment = {}) {
  int out[2], err[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(err[1]);
  Ran ran;
  pollfd ends[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  std::string* texts[2] = {&ran.out, &ran.err};
  for (int open = 2; open > 0 && ::poll(ends, 2, -1) > 0;)
    for (int i = 0; i < 2; ++i) {
      char part[4096];
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      const ssize_t n = ::read(ends[i].fd, part, sizeof part);
      if (n > 0) texts[i]->append(part, static_cast<std::size_t>(n));
      if (n > 0) continue;
      ::close(std::exchange(ends[i].fd, -1));
      --open;
    }
  int status = 0;
  if (pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status)) ran.code = WEXITSTATUS(status);
  return ran;
}

/// The same on a pseudo terminal of this size; out holds also what went to stderr.
inline Ran run_on_terminal(const std::vector<std::string>& words, unsigned short columns, unsigned short rows,
                           const Environment& environment = {}) {
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const winsize size{rows, columns, 0, 0};
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (pid == 0) {
    ::setenv("TERM", "xterm", 1);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  Ran ran;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(terminal, part, sizeof part)) > 0;)   // EIO when the other side is gone
    ran.out.append(part, static_cast<std::size_t>(n));
  ::close(terminal);
  int status = 0;
  if (pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status)) ran.code = WEXITSTATUS(status);
  std::erase(ran.out, '\r');
  return ran;
}

}  // namespace headroom::support
