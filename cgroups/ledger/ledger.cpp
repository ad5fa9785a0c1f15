#include "cgroups/ledger/ledger.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <ctime>

#include "cgroups/ledger/index.hpp"

namespace headroom::ledger {
namespace {

constexpr std::int64_t kGuardSilence = 1'000'000'000;  // ns

/// false: too long
bool pad(Text& out, const char* text) {
  const std::size_t n = ::strnlen(text, kMaxValue);
  if (n >= kMaxValue) return false;
  std::memset(out, 0, kMaxValue);
  std::memcpy(out, text, n);
  return true;
}

/// Looks at every row, most of which this process never needs again.
void read_all(Index& index) {
  index.rebuild();
  shed_image(index.image);
}

std::int64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

}  // namespace

struct Ledger::Map : Index {};

Ledger::~Ledger() { close(); }

Status Ledger::open(const char* run_dir) {
  close();
  Image* image = nullptr;
  const Status status = map_image(run_dir, Missing::create, image);
  if (image == nullptr) return Status::io;
  const bool mine = begin_writing(image->header) || (renew_image(run_dir, image) == Status::ok && begin_writing(image->header));
  if (!mine) {
    unmap_image(image);
    return Status::io;
  }
  map_ = static_cast<Map*>(std::calloc(1, sizeof(Map)));
  if (map_ == nullptr) {
    end_writing(image->header);
    unmap_image(image);
    errno = ENOMEM;
    return Status::io;
  }
  map_->image = image;
  read_all(*map_);
  image->header.fence.store(0);       // the caller holds the lock: whom it was raised against is dead
  image->header.guard_beat.store(0);  // and so may be the guard that it had; one that lives shows itself again
  image->header.writer_pid.store(static_cast<std::uint32_t>(::getpid()));
  return status;
}

void Ledger::close() {
  if (map_ == nullptr) return;
  end_writing(map_->image->header);
  unmap_image(map_->image);
  std::free(map_);
  map_ = nullptr;
}

Status Ledger::intend(const char* group_dir, std::uint64_t inode, File file, const char* original,
                      const char* intended) {
  if (map_ == nullptr) {
    errno = EBADF;
    return Status::io;
  }
  Map& m = *map_;
  Text was, will;
  const std::size_t n = ::strnlen(group_dir, kMaxPath);
  if (n >= kMaxPath || !pad(was, original) || !pad(will, intended)) return Status::too_long;
  if (m.epoch != m.image->header.epoch.load(std::memory_order_acquire)) read_all(m);
  std::uint32_t group = m.find(group_dir, n);
  if (group != kNone && m.image->groups[group].inode != inode) {
    for (std::size_t f = 0; f < kFiles; ++f) m.drop_row(group, f);
    m.drop_group_if_empty(group);
    group = kNone;
  }
  m.image->header.changes.fetch_add(1, std::memory_order_relaxed);
  const std::uint32_t row = group == kNone ? kNone : m.rows[group][static_cast<std::size_t>(file)];
  if (row != kNone) {
    add_value(m.image->rows[row], will);
    return Status::ok;
  }
  if (m.free_row_count == 0 || (group == kNone && m.free_group_count == 0)) return Status::full;
  if (group == kNone) group = m.add_group(group_dir, n, inode);
  if (m.image->header.live.load() == 0) beat(now_ns());  // nobody had to beat until now
  return m.add_row(group, file, was, will);
}

Status Ledger::forget(const char* group_dir, File file) {
  if (map_ == nullptr) {
    errno = EBADF;
    return Status::io;
  }
  const std::size_t n = ::strnlen(group_dir, kMaxPath);
  if (n >= kMaxPath) return Status::too_long;
  if (map_->epoch != map_->image->header.epoch.load(std::memory_order_acquire)) read_all(*map_);
  const std::uint32_t group = map_->find(group_dir, n);
  if (group == kNone || map_->rows[group][static_cast<std::size_t>(file)] == kNone) return Status::ok;
  map_->drop_row(group, static_cast<std::size_t>(file));
  map_->drop_group_if_empty(group);
  return Status::ok;
}

bool Ledger::empty() const { return entries() == 0; }
std::size_t Ledger::entries() const { return map_ == nullptr ? 0 : map_->image->header.live.load(); }

void Ledger::set_v2(bool v2) {
  if (map_ != nullptr) map_->image->header.v2.store(v2 ? 1 : 0);
}
bool Ledger::v2() const { return map_ != nullptr && map_->image->header.v2.load() != 0; }

void Ledger::set_armed(bool armed) {
  if (map_ == nullptr) return;
  auto& word = map_->image->header.armed;
  if (armed) beat(now_ns());
  word.store(armed ? 1 : 0);
  if (armed) ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}
bool Ledger::armed() const { return map_ != nullptr && map_->image->header.armed.load() != 0; }

void Ledger::beat(std::int64_t monotonic_ns) {
  if (map_ != nullptr) map_->image->header.beat.store(monotonic_ns);
}
bool Ledger::fenced() const { return map_ != nullptr && map_->image->header.fence.load() != 0; }
void Ledger::lower_fence() {
  if (map_ != nullptr) map_->image->header.fence.store(0);
}

bool Ledger::guard_alive(std::int64_t now_ns) const {
  if (map_ == nullptr) return false;
  const std::int64_t seen = map_->image->header.guard_beat.load();
  return seen != 0 && now_ns - seen < kGuardSilence;
}

}  // namespace headroom::ledger
