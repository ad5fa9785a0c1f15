// What could not be opened, watched or listed when it came, and is tried again: no group is lost to a fault that passes.
#include "agent/kernel_source_tree.hpp"

namespace headroom {
namespace {

constexpr seconds kAgain{1};
constexpr int kLooks = 4;                 ///< at what is said to be gone: ENODEV is also said of a file that comes back
constexpr std::size_t kMostAtOnce = 64;   ///< where nothing can be opened at all, a tick does not pay for all of it

}  // namespace

void GroupTree::trouble(const std::string& path, const Error& error) {
  if (error.code != Errc::gone) faults_.push_back(error);
  else if (++missed_[path] > kLooks) return;
  troubled_.insert(path);
}

void GroupTree::watch(const std::string& path) {
  if (auto added = watcher_.add(path); !added) trouble(path, added.error());
}

void GroupTree::mend(TimePoint now) {
  if (troubled_.empty() || now - mended_ < kAgain) return;
  mended_ = now;
  std::set<std::string> due;
  for (std::size_t n = 0; n < kMostAtOnce && !troubled_.empty(); ++n) due.insert(troubled_.extract(troubled_.begin()));
  for (const auto& path : due) {
    mend_one(path, now);
    if (!troubled_.contains(path)) missed_.erase(path);
  }
}

void GroupTree::mend_one(const std::string& path, TimePoint now) {
  const auto known = directories_.find(path);
  if (known == directories_.end()) return created(path, now);
  const bool watched = known->second.verdict.interest == Interest::watched;
  const bool descend = known->second.verdict.below == Below::descend;
  if (watched || descend) watch(path);   // the same watch where there is one already
  if ((watched || path.empty()) && known->second.slot == kNoSlot) enter(path, known->second, now);
  if (descend) scan_directory(path, now);
}

}  // namespace headroom
