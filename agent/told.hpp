// What has been said already: a fault that happens at every tick is one message.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "cgroups/types/result.hpp"
#include "cgroups/types/units.hpp"

namespace headroom {

class Told {
 public:
  /// Away for this long it is news again when it comes back.
  static constexpr seconds kAway{60};
  static constexpr std::size_t kMost = 1024;   ///< remembered at one time

  /// Whether it is to be said now. Told apart by place and code: the wording may hold what was read.
  bool news(const Error& error, TimePoint at) { return news(error.where, static_cast<int>(error.code), at); }
  std::size_t size() const { return seen_.size(); }

 private:
  bool news(const std::string& where, int code, TimePoint at) {
    const auto [entry, fresh] = seen_.try_emplace({where, code}, at);
    const bool away = at - entry->second >= kAway;
    entry->second = at;
    if (at - swept_ >= kAway || seen_.size() > kMost) make_room(at);
    return fresh || away;
  }
  /// Also while there is room: groups that come and go leave an entry each.
  void make_room(TimePoint at) {
    swept_ = at;
    std::erase_if(seen_, [&](const auto& s) { return at - s.second >= kAway; });
    if (seen_.size() > kMost) seen_.clear();   // so many at once: some of them are said twice
  }

  std::map<std::pair<std::string, int>, TimePoint> seen_;
  TimePoint swept_;
};

}  // namespace headroom
