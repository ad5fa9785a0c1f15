#include "agent/board.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace headroom {

Board::Board() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
Board::~Board() {
  if (fd_ >= 0) close(fd_);
}

std::vector<Command> Board::take() {
  std::uint64_t ignored = 0;
  const ssize_t n = read(fd_, &ignored, sizeof ignored);   // EAGAIN: nothing waits
  if (n < 0) return {};
  const std::lock_guard lock(mutex_);
  return std::exchange(commands_, {});
}

void Board::publish(std::shared_ptr<const Report> report) {
  {
    const std::lock_guard lock(mutex_);
    report_ = std::move(report);
    ++published_;
  }
  answered_.notify_all();
}

void Board::answer(Command command, std::string text) {
  {
    const std::lock_guard lock(mutex_);
    Answer& a = answers_[static_cast<std::size_t>(command)];
    a.text = std::move(text);
    ++a.count;
  }
  answered_.notify_all();
}

std::shared_ptr<const Report> Board::latest() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void Board::post(Command command) {
  commands_.push_back(command);
  const std::uint64_t one = 1;
  const ssize_t n = write(fd_, &one, sizeof one);
  (void)n;   // cannot fail: the counter does not overflow within the life of a daemon
}

void Board::send(Command command) {
  const std::lock_guard lock(mutex_);
  post(command);
}

std::shared_ptr<const Report> Board::fresh(milliseconds patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t before = published_;
  post(Command::publish);
  answered_.wait_for(lock, patience, [&] { return published_ != before; });
  return report_;
}

std::string Board::ask(Command command, milliseconds patience) {
  std::unique_lock lock(mutex_);
  const Answer& a = answers_[static_cast<std::size_t>(command)];
  const std::uint64_t before = a.count;
  post(command);
  if (!answered_.wait_for(lock, patience, [&] { return a.count != before; })) return {};
  return a.text;
}

std::uint64_t Board::to_explain() const {
  const std::lock_guard lock(mutex_);
  return to_explain_;
}

std::string Board::explain(std::uint64_t group_id, milliseconds patience) {
  const std::lock_guard one(one_question_);
  {
    const std::lock_guard lock(mutex_);
    to_explain_ = group_id;
  }
  return ask(Command::explain, patience);
}

}  // namespace headroom
