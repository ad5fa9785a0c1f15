#include "agent/node_label.hpp"

#include <fmt/format.h>
#include <fmt/chrono.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/clock.hpp"

namespace headroom {
namespace {

constexpr seconds kMinute{60}, kSecond{1}, kLife{180};   // kLife: three refreshments may fail
constexpr int kHysteresis = 2;
constexpr std::size_t kWorst = 6;   // of 60: the worst tenth

std::string file_in(const std::string& dir) { return dir + "/headroom"; }

}  // namespace

std::optional<int> NodeLabel::sample(TimePoint now, MilliCpu lendable) {
  milli_[count_++ % kSamples] = lendable.value;
  if (count_ < kSamples || (told_ && now - changed_ < kMinute)) return std::nullopt;
  auto sorted = milli_;
  std::nth_element(sorted.begin(), sorted.begin() + kWorst, sorted.end());
  const int cpus = static_cast<int>(std::max<std::int64_t>(0, sorted[kWorst]) / 1000);
  if (told_ && std::abs(cpus - *told_) < kHysteresis) return std::nullopt;
  told_ = cpus;
  changed_ = now;
  return cpus;
}

std::string feature_file(int cpus, std::time_t expires) {
  return fmt::format("# +expiry-time={:%Y-%m-%dT%H:%M:%SZ}\nheadroom.io/lendable-cpus={}\n", fmt::gmtime(expires), cpus);
}

void LabelKeeper::take(const std::string& dir) {
  if (dir == dir_) return;
  stop();
  dir_ = dir;
  if (dir_.empty()) return;
  stopping_ = false;
  thread_ = std::thread([this] { work(); });
}

void LabelKeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (!dir_.empty()) std::remove(file_in(dir_).c_str());
}

void LabelKeeper::work() {
  NodeLabel label;
  std::optional<int> told;
  TimePoint written;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const TimePoint now = monotonic_now();
    const auto news = label.sample(now, MilliCpu{lendable_.load(std::memory_order_relaxed)});
    if (news) told = news;
    if (told && (news || now - written >= kMinute)) {   // again: it would expire
      write(*told);
      written = now;
    }
    changed_.wait_for(lock, kSecond);
  }
}

void LabelKeeper::write(int cpus) {
  const std::string file = file_in(dir_), fresh = dir_ + "/.headroom.new";   // a name with a dot is not read
  std::ofstream out(fresh);
  out << feature_file(cpus, std::time(nullptr) + kLife.count());
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(fresh, file, error);
  if (!out || error) log_.warn("label", "cannot be written: is node-feature-discovery's directory mounted, and writable?", {{"where", file}});
}

}  // namespace headroom
