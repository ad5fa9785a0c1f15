#include "agent/recorder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace headroom {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSegments = 8;                         ///< the oldest eighth goes when it is full
constexpr std::size_t kPiece = std::size_t{256} << 10;
constexpr seconds kAtLeastEvery{1};
constexpr seconds kTryAgain{10};                             ///< where the directory or its disk has failed
constexpr std::size_t kMostWaiting = std::size_t{4} << 20;   ///< of memory while a disk is slow
constexpr std::size_t kMostOfLong = std::size_t{4} << 30;

constexpr const char* kTooLarge = "a copy of the state alone is larger than half the journal may be";

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// "segment-00000012.hrj" -> 12; 0: not one of ours.
std::uint64_t number_of(const fs::path& file) {
  const std::string name = file.filename();
  if (!name.starts_with("segment-") || file.extension() != ".hrj") return 0;
  return std::strtoull(name.c_str() + 8, nullptr, 10);
}

}  // namespace

struct Recorder::Long {
  Tape tape{0};
  int fd = -1;
  std::string file;
  seconds length{0};
  TimePoint until;               ///< epoch: not begun
  std::size_t bytes = 0;
  std::atomic<bool> failed{false};
  ~Long() {
    if (fd >= 0) close(fd);
  }
};

void Tape::begin_segment(std::uint64_t number, const TickResult& result, const Engine& engine) {
  piece_ = Piece{};
  piece_.begins = true;
  piece_.bytes += kJournalMagic;
  encoder_.checkpoint(number, result.snapshot.at, engine, result.snapshot.catalog, piece_.bytes);
  segment_ = beginning_ = piece_.bytes.size();
  begun_ = true;
}

void Tape::tick(std::uint64_t number, const TickResult& result, const Engine& engine) {
  const bool goes_on = number == last_ + 1 && engine.policy.get() == policy_ && engine.model.params == params_;
  last_ = number;
  policy_ = engine.policy.get();
  params_ = engine.model.params;
  if (!begun_) return begin_segment(number, result, engine);
  const std::size_t before = piece_.bytes.size();
  if (goes_on)
    encoder_.tick(number, result.sample, result.snapshot.catalog, engine.rails, result.plan, piece_.bytes);
  else   // what the tick began with is not known
    encoder_.checkpoint(number, result.snapshot.at, engine, result.snapshot.catalog, piece_.bytes);
  segment_ += piece_.bytes.size() - before;
}

Tape::Piece Tape::take(std::size_t least) {
  if (piece_.bytes.size() < std::max<std::size_t>(least, 1)) return {};
  return std::exchange(piece_, Piece{});
}

Recorder::Recorder(const std::string& state_dir, std::size_t most, Log& log)
    : most_(most), log_(log), tape_(most / kSegments) {
  if (!state_dir.empty()) {
    dir_ = fs::path(state_dir) / "journal";
    std::error_code error;
    fs::create_directories(dir_, error);
    for (fs::directory_iterator it(dir_, error), end; !error && it != end; it.increment(error)) {
      const std::uint64_t number = number_of(it->path());
      if (number == 0) continue;
      next_segment_ = std::max(next_segment_, number + 1);
      segments_.push_back({it->path(), static_cast<std::size_t>(it->file_size(error))});
    }
    std::sort(segments_.begin(), segments_.end(), [](const Segment& a, const Segment& b) { return a.file < b.file; });
  }
  thread_ = std::thread([this] { work(); });
}

Recorder::~Recorder() {
  if (!dir_.empty() && keeping_ == Keeping::yes) hand_over(tape_, 0, nullptr);
  if (long_) hand_over(long_->tape, 0, long_.get());
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
  close_segment();
}

void Recorder::keep(std::size_t most) {
  if (most != most_.exchange(most) && keeping_ == Keeping::too_large) keeping_ = Keeping::failed;   // it may be enough now
  tape_.segments_of(most / kSegments);
}

void Recorder::ticked(std::uint64_t number, const TickResult& result, const Engine& engine) {
  const TimePoint now = result.snapshot.at;
  const bool due = now - handed_ >= kAtLeastEvery;
  if (due) handed_ = now;
  const std::size_t least = due ? 0 : kPiece;
  if (!dir_.empty() && keeps(now)) {
    tape_.tick(number, result, engine);
    hand_over(tape_, tape_.full() ? 0 : least, nullptr);
    if (tape_.too_large()) give_up(Keeping::too_large, kTooLarge);
    else if (tape_.full()) tape_.begin_segment(number, result, engine);
  }
  if (long_ || asked_) tick_long(number, result, engine);
}

bool Recorder::keeps(TimePoint now) {
  const Keeping state = keeping_;
  if (state == Keeping::too_large || (state == Keeping::failed && now < try_again_)) return false;
  try_again_ = now + kTryAgain;
  if (state == Keeping::yes) return true;
  tape_.break_off();
  keeping_ = Keeping::yes;
  return true;
}

void Recorder::tick_long(std::uint64_t number, const TickResult& result, const Engine& engine) {
  const TimePoint now = result.snapshot.at;
  if (asked_.exchange(false)) {
    const std::lock_guard lock(mutex_);
    long_ = next_long_;
    long_->until = now + long_->length;
  }
  long_->tape.tick(number, result, engine);
  hand_over(long_->tape, now >= long_->until ? 0 : kPiece, long_.get());
  if (now < long_->until && !long_->failed) return;
  long_.reset();   // the thread keeps it until its last piece is written
  const std::lock_guard lock(mutex_);
  next_long_.reset();
}

/// Never waits: where the thread is behind by more than kMostWaiting, ticks are lost and a new segment begins later.
void Recorder::hand_over(Tape& tape, std::size_t least, Long* into) {
  Tape::Piece piece = tape.take(least);
  if (piece.bytes.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_ + piece.bytes.size() > kMostWaiting && waiting_ > 0) return tape.break_off();
    waiting_ += piece.bytes.size();
    jobs_.push_back({std::move(piece), into != nullptr ? long_ : nullptr});
  }
  changed_.notify_one();
}

Result<> Recorder::record(const std::string& file, seconds length) {
  if (file.empty() || file.front() != '/') return fail(Errc::rejected, file, "want an absolute path");
  auto made = std::make_shared<Long>();
  made->file = file;
  made->length = length;
  const auto running = [&] { return next_long_ ? "already recording into " + next_long_->file : std::string{}; };
  {
    const std::lock_guard lock(mutex_);
    if (next_long_) return fail(Errc::rejected, file, running());
  }
  // Not under the lock, which the loop takes: a disk that hangs is not to make it late.
  made->fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (made->fd < 0) {
    const int number = errno;
    const Errc code = number == EACCES || number == EPERM || number == EROFS ? Errc::denied
                      : number == EEXIST                                    ? Errc::rejected
                                                                            : Errc::io;
    return fail(code, file, number == EEXIST ? "something is there already" : std::strerror(number));
  }
  const std::lock_guard lock(mutex_);
  if (next_long_) {
    ::unlink(file.c_str());   // another was asked for meanwhile
    return fail(Errc::rejected, file, running());
  }
  next_long_ = std::move(made);
  asked_ = true;
  return {};
}

void Recorder::work() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    const std::size_t bytes = job.piece.bytes.size();
    if (job.into) write_long(*job.into, job.piece);
    else if (keeping_ == Keeping::yes) write_segment(job.piece);
    const std::lock_guard lock(mutex_);
    waiting_ -= bytes;
  }
}

void Recorder::write_long(Long& into, const Tape::Piece& piece) {
  if (into.failed) return;
  // A second beginning means that ticks were lost in between; its checkpoint says where it goes on.
  const std::string_view bytes = piece.begins && into.bytes > 0 ? std::string_view(piece.bytes).substr(kJournalMagic.size())
                                                                : std::string_view(piece.bytes);
  into.bytes += bytes.size();
  if (into.bytes <= kMostOfLong && write_all(into.fd, bytes)) return;
  into.failed = true;
  log_.warn("record", "ended early: the disk is full or 4 GiB are written", {{"file", into.file}});
}

void Recorder::drop_old(std::size_t coming) {
  std::size_t all = coming;
  for (const Segment& s : segments_) all += s.bytes;
  std::error_code none;
  while (all > most_ && segments_.size() > 1) {
    all -= segments_.front().bytes;
    fs::remove(segments_.front().file, none);
    segments_.pop_front();
  }
  if (all > most_) give_up(Keeping::too_large, kTooLarge);
}

void Recorder::write_segment(const Tape::Piece& piece) {
  if (piece.begins) {
    close_segment();
    std::error_code told_by_open;
    fs::create_directories(dir_, told_by_open);
    const fs::path file = dir_ / fmt::format("segment-{:08}.hrj", next_segment_++);
    fd_ = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd_ < 0) return give_up(Keeping::failed, std::strerror(errno));
    segments_.push_back({file, 0});
  }
  if (fd_ < 0) return;   // the rest of what failed
  drop_old(piece.bytes.size());
  if (keeping_ != Keeping::yes) return;
  if (!write_all(fd_, piece.bytes)) {
    const std::string why = std::strerror(errno);
    (void)!::ftruncate(fd_, static_cast<off_t>(segments_.back().bytes));   // no piece is left in part
    close_segment();
    return give_up(Keeping::failed, why);
  }
  segments_.back().bytes += piece.bytes.size();
  if (told_.exchange(false)) log_.info("journal", "is kept again", {{"dir", dir_.string()}});
}

void Recorder::close_segment() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void Recorder::give_up(Keeping why, const std::string& what) {
  keeping_ = why;
  if (told_.exchange(true)) return;
  log_.warn("journal", "none is kept from here on: " + what + (why == Keeping::failed ? "; tried again every 10 s" : ""), {{"dir", dir_.string()}});
}

}  // namespace headroom
