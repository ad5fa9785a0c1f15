#include "agent/sources/ask_times.hpp"

#include <algorithm>
#include <array>

namespace headroom {
namespace {

constexpr seconds kRegular{30}, kLongestPause{30};
constexpr milliseconds kTogether{50}, kFirstPause{200}, kLongestGap{900};
// kubelet lists a container some seconds after its cgroup is made; from then on it is to be known within a second.
constexpr milliseconds kSoon{800};
constexpr std::array kAgain{milliseconds{200}, milliseconds{500}, kSoon, kSoon, kSoon, kSoon, kSoon, kSoon,
                            kSoon, kSoon, kSoon, kSoon, kSoon, kSoon, milliseconds{2000}, milliseconds{5000}};
constexpr int kShare = 50;
constexpr std::size_t kMostStrangers = 4096;   // beyond that the regular answer has to do

}  // namespace

void AskTimes::stranger(const std::string& key, TimePoint now) {
  if (strangers_.size() < kMostStrangers) strangers_.try_emplace(key, Stranger{now + kTogether, 0});
}

void AskTimes::asked(TimePoint begin, TimePoint end, Answered answered, const std::function<bool(const std::string&)>& knows) {
  if (answered == Answered::no) {
    pause_ = std::clamp<nanoseconds>(2 * pause_, kFirstPause, kLongestPause);
    not_before_ = next_regular_ = end + pause_;
    return;
  }
  pause_ = nanoseconds{0};
  next_regular_ = end + kRegular;
  not_before_ = end + std::min<nanoseconds>(kShare * (end - begin), kLongestGap);
  for (auto it = strangers_.begin(); it != strangers_.end();) {
    Stranger& who = it->second;
    const bool due = who.due <= begin;
    if (knows(it->first) || (due && who.tries >= kAgain.size())) {   // a sandbox is never named
      it = strangers_.erase(it);
      continue;
    }
    if (due) who.due = end + kAgain[who.tries++];
    ++it;
  }
}

TimePoint AskTimes::next() const {
  TimePoint next = next_regular_;
  for (const auto& [key, who] : strangers_) next = std::min(next, who.due);
  return std::max(next, not_before_);
}

}  // namespace headroom
