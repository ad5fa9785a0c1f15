// A stand-in server of tests/support, started by a test and ended with it.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

namespace headroom {

/// True as soon as `holds` is; false after a time that only a failure takes.
inline bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 2000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return holds();
}

class StandIn {
 public:
  /// @param script  in tests/support; prepare: fills the directory before it starts
  StandIn(const std::string& script, const std::function<void(const std::string&)>& prepare) {
    char dir[] = "/tmp/hr-stand-in-XXXXXX";
    dir_ = mkdtemp(dir);
    prepare(dir_);
    int pipe_ends[2];
    EXPECT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
    const std::string file = HEADROOM_SOURCE_DIR "/tests/support/" + script;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(pipe_ends[0], 0);
      execlp("python3", "python3", file.c_str(), dir_.c_str(), nullptr);
      _exit(127);
    }
    close(pipe_ends[0]);
    life_ = pipe_ends[1];
  }
  ~StandIn() {
    close(life_);
    kill(pid_, SIGTERM);   // a child that we forked since may hold the other end still
    waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(dir_);
  }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  const std::string& dir() const { return dir_; }
  /// As a whole: who reads it sees the old or the new.
  void put(const std::string& name, const std::string& text) const { put(dir_, name, text); }
  static void put(const std::string& dir, const std::string& name, const std::string& text) {
    std::ofstream(dir + "/" + name + ".new") << text;
    std::filesystem::rename(dir + "/" + name + ".new", dir + "/" + name);
  }
  std::string get(const std::string& name) const {
    std::ifstream file(dir_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string dir_;
  pid_t pid_ = -1;
  int life_ = -1;
};

}  // namespace headroom
