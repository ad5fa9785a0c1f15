// Policy `quota_turbo`: openEuler rubik's quotaTurbo, to be compared with (docs/policies/quota_turbo.md).
#include <algorithm>

#include "cgroups/types/fields.hpp"
#include "policies/params.hpp"
#include "policies/peer.hpp"
#include "policies/quota_turbo_law.hpp"
#include "policies/registry.hpp"

namespace headroom {

struct TurboPoint {
  TimePoint at;
  nanoseconds used{0};               ///< since its first sight
};
struct TurboTrack {
  Counters counters;
  Asked asked;
  std::vector<TurboPoint> history;   ///< the newest last, at most kHistory
};
struct TurboLoad {
  TimePoint at;
  double percent = 0;
};
struct TurboState {
  std::vector<TurboTrack> tracks;    ///< by slot
  std::vector<TurboLoad> minute;     ///< the newest last
  TimePoint cycle_at;
  nanoseconds node_usage{0};
};
template <class Archive, Of<TurboPoint> T>
void fields(Archive& a, T& v) {
  auto& [at, used] = v;
  a(at, used);
}
template <class Archive, Of<TurboTrack> T>
void fields(Archive& a, T& v) {
  auto& [counters, asked, history] = v;
  a(counters, asked, history);
}
template <class Archive, Of<TurboLoad> T>
void fields(Archive& a, T& v) {
  auto& [at, percent] = v;
  a(at, percent);
}
template <class Archive, Of<TurboState> T>
void fields(Archive& a, T& v) {
  auto& [tracks, minute, cycle_at, node_usage] = v;
  a(tracks, minute, cycle_at, node_usage);
}

namespace {

constexpr nanoseconds kCycle = milliseconds{100};
constexpr seconds kMinute{60};
constexpr std::size_t kHistory = 59;

struct QuotaTurbo : SaysWhatItAsked {
  static constexpr std::string_view kName = "quota_turbo";
  using Params = Nothing;
  using State = TurboState;

  static std::span<const ParamDoc> docs() { return {}; }
  static nanoseconds rhythm(const Params&) { return kCycle; }

  static Params parse(const Node& tuning, Faults& faults) {
    ParamReader read(tuning, docs(), faults);
    read.refuse_unknown(kName);
    return {};
  }

  static void decide(const Snapshot& snap, const Params&, State& s, Desired& out) {
    s.tracks.resize(std::max(s.tracks.size(), snap.groups.size()));
    for (const Slot slot : snap.touched)
      if (slot < snap.groups.size() && dropped(snap.groups[slot])) s.tracks[slot].asked = {};
    if (snap.fresh.empty() || !cycle_due(snap.at, s.cycle_at, kCycle)) return;
    const std::optional<rubik::TurboNode> node = load_of(snap, s);
    std::vector<Slot> slots;
    std::vector<rubik::TurboContainer> containers;
    for (const Slot slot : in_order_of_life(snap)) {
      TurboTrack& track = s.tracks[slot];
      if (dropped(snap.groups[slot])) continue;
      if (!eligible(snap, slot)) leave(snap, track.asked, slot, out);
      else if (const auto container = observe(snap.groups[slot], track)) {
        slots.push_back(slot);
        containers.push_back(*container);
      }
    }
    s.cycle_at = snap.at;
    if (!node) return;
    const std::vector<double> deltas = rubik::deltas(*node, containers);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const microseconds before{static_cast<std::int64_t>(containers[i].quota_us)};
      const microseconds quota{rubik::next_quota(containers[i], deltas[i])};
      ask(snap, s.tracks[slots[i]].asked, slots[i], law_of(before, quota), quota, microseconds{0}, out);
    }
  }

 private:
  static bool eligible(const Snapshot& snap, Slot slot) {
    if (untreated(snap, slot) != Because::none) return false;
    return limit_of(*snap.groups[slot].own.base)->value < std::int64_t{1000} * snap.node.cpus;
  }

  /// Sums of doubles depend on their order, and it is not to be that of the slots.
  static std::vector<Slot> in_order_of_life(const Snapshot& snap) {
    std::vector<Slot> slots;
    for (Slot slot = 0; slot < snap.groups.size(); ++slot)
      if (snap.groups[slot].id != 0) slots.push_back(slot);
    std::sort(slots.begin(), slots.end(), [&](Slot a, Slot b) { return snap.groups[a].id < snap.groups[b].id; });
    return slots;
  }

  /// nullopt: the first look, or a counter that was not read or went backwards.
  static std::optional<rubik::TurboNode> load_of(const Snapshot& snap, State& s) {
    const nanoseconds before = s.node_usage, wall = snap.at - s.cycle_at;
    s.node_usage = snap.node.usage;
    if (snap.node.cpus <= 0 || before.count() <= 0 || snap.node.usage < before) return std::nullopt;
    const double percent = cores_of(snap.node.usage - before, wall) / snap.node.cpus * 100;
    s.minute.push_back({snap.at, std::min(percent, 100.0)});
    std::erase_if(s.minute, [&](const TurboLoad& l) { return snap.at - l.at > kMinute; });
    const auto less = [](const TurboLoad& a, const TurboLoad& b) { return a.percent < b.percent; };
    const auto [least, most] = std::minmax_element(s.minute.begin(), s.minute.end(), less);
    return rubik::TurboNode{static_cast<double>(snap.node.cpus), s.minute.back().percent, most->percent, least->percent};
  }

  static std::optional<rubik::TurboContainer> observe(const GroupState& g, TurboTrack& track) {
    meet(track.asked, g);
    if (track.counters.id != g.id) track.history.clear();
    const Step step = look(track.counters, g, kCycle / 2);
    // A counter that went backwards keeps the history: a short one would cut what stands.
    const nanoseconds before = track.history.empty() ? nanoseconds{0} : track.history.back().used;
    if (step.kind != Step::Kind::unread) track.history.push_back({g.read_at, before + step.used});
    if (track.history.size() > kHistory) track.history.erase(track.history.begin());
    if (step.kind != Step::Kind::moved) return std::nullopt;
    const Bandwidth& base = *g.own.base;
    const microseconds quota = g.own.in_force ? *g.own.in_force->quota : *base.quota;
    const auto us = [](nanoseconds t) { return static_cast<double>(t.count()) / 1000; };
    const double period = static_cast<double>(base.period.count());
    return rubik::TurboContainer{static_cast<double>(base.quota->count()) / period,
                                 period,
                                 static_cast<double>(quota.count()),
                                 step.throttle.throttled_periods,
                                 static_cast<std::uint64_t>(step.throttle.throttled_time.count()),
                                 static_cast<std::int64_t>(track.history.size()),
                                 us(track.history.back().at - track.history.front().at),
                                 us(track.history.back().used - track.history.front().used)};
  }
};

}  // namespace

HEADROOM_POLICY(quota_turbo, QuotaTurbo)

}  // namespace headroom
