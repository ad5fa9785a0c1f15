// Policy `koordinator`: decides as Koordinator's CPU burst loop does, so that its users may move without surprise and the
// two may be compared (docs/policies/koordinator.md). The mechanics are ours: what is asked is absolute and legal.
#include <algorithm>

#include "cgroups/types/fields.hpp"
#include "policies/borrower.hpp"
#include "policies/koordinator_law.hpp"
#include "policies/params.hpp"
#include "policies/peer.hpp"
#include "policies/registry.hpp"

namespace headroom {

/// What is remembered of one group.
struct KoordinatorTrack {
  Counters counters;
  Asked asked;
  std::optional<koordlet::Limiter> limiter;
  koordlet::Decision decision;
};
/// One cycle's share of the 5 s average.
struct KoordinatorCycle {
  nanoseconds wall{0}, used{0};
};
struct KoordinatorState {
  std::vector<KoordinatorTrack> tracks;      ///< by slot
  std::vector<KoordinatorCycle> window;      ///< the newest last, at most kWindow
  TimePoint cycle_at;
  nanoseconds node_usage{0};                 ///< 0: not read at the last cycle
  std::uint64_t seed = 0x6b6f6f7264;         ///< where limiters begin
};
template <class Archive, Of<KoordinatorTrack> T>
void fields(Archive& a, T& v) {
  auto& [counters, asked, limiter, decision] = v;
  a(counters, asked, limiter, decision);
}
template <class Archive, Of<KoordinatorCycle> T>
void fields(Archive& a, T& v) {
  auto& [wall, used] = v;
  a(wall, used);
}
template <class Archive, Of<KoordinatorState> T>
void fields(Archive& a, T& v) {
  auto& [tracks, window, cycle_at, node_usage, seed] = v;
  a(tracks, window, cycle_at, node_usage, seed);
}

namespace {

using koordlet::Decision;
using koordlet::Pool;

constexpr nanoseconds kRhythm = seconds{1};
constexpr std::size_t kWindow = 5;
/// Their cycle is always late, so that a second between two of them has passed; ours may be a little early.
constexpr nanoseconds kEarly = milliseconds{100};

constexpr ParamDoc kDocs[] = {
    {"policy", "word", "none, cpuBurstOnly, cfsQuotaBurstOnly, auto", "auto", "kernel burst, raised quotas, both, or neither"},
    {"cpuBurstPercent", "% of the limit", "0..10000", "1000", "kernel burst; what is asked is cut to the quota"},
    {"cfsQuotaBurstPercent", "% of the limit", "0..100000", "300", "ceiling of a raised quota"},
    {"cfsQuotaBurstPeriodSeconds", "s", "-1..1000000", "-1", "for so long at the ceiling, then it falls; -1: for ever"},
    {"sharePoolThresholdPercent", "% of the share pool", "0..100", "50", "use at which every raised quota falls"},
};

std::uint64_t mixed(std::uint64_t x) {   // splitmix64's finaliser
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

bool outside_pool(QosClass qos) { return qos == QosClass::lse || qos == QosClass::lsr || qos == QosClass::be; }

struct Koordinator : SaysWhatItAsked {
  static constexpr std::string_view kName = "koordinator";
  using Params = koordlet::Config;
  using State = KoordinatorState;

  static std::span<const ParamDoc> docs() { return kDocs; }
  static nanoseconds rhythm(const Params&) { return kRhythm; }

  static Params parse(const Node& tuning, Faults& faults) {
    ParamReader read(tuning, docs(), faults);
    read.refuse_unknown(kName);
    koordlet::Patch said;
    said.policy = koordlet::burst_policy(read.word("policy", "auto"));
    said.cpu_burst_percent = read.integer("cpuBurstPercent", 0, 10'000, 1000);
    said.quota_burst_percent = read.integer("cfsQuotaBurstPercent", 0, 100'000, 300);
    said.quota_burst_period_s = read.integer("cfsQuotaBurstPeriodSeconds", -1, 1'000'000, -1);
    said.share_pool_percent = read.integer("sharePoolThresholdPercent", 0, 100, 50);
    return koordlet::merged({}, said);
  }

  static void decide(const Snapshot& snap, const Params& p, State& s, Desired& out) {
    s.tracks.resize(std::max(s.tracks.size(), snap.groups.size()));
    for (const Slot slot : snap.touched)
      if (slot < snap.groups.size() && dropped(snap.groups[slot])) forget(s.tracks[slot]);
    if (snap.node.blind && !snap.node.hold_when_blind) {
      for (Slot slot = 0; slot < snap.groups.size(); ++slot) leave(snap, s.tracks[slot].asked, slot, out, Because::revoke_blind);
      return;
    }
    if (snap.fresh.empty() || !cycle_due(snap.at, s.cycle_at, kRhythm)) return;
    std::vector<Step> steps(snap.groups.size());
    for (Slot slot = 0; slot < snap.groups.size(); ++slot) {
      KoordinatorTrack& track = s.tracks[slot];
      if (track.counters.id != snap.groups[slot].id) track.limiter.reset();
      if (snap.groups[slot].id != 0) steps[slot] = look(track.counters, snap.groups[slot], kRhythm / 2);
    }
    const auto pool = pool_now(snap, s, steps);
    for (Slot slot = 0; slot < snap.groups.size(); ++slot) {
      if (dropped(snap.groups[slot])) continue;
      if (untreated(snap, slot) == Because::none) {
        treat(snap, p, s, slot, steps[slot], pool, out);
        continue;
      }
      leave(snap, s.tracks[slot].asked, slot, out);
      forget(s.tracks[slot]);
    }
    s.cycle_at = snap.at;
  }

  static Terms terms(const Snapshot& snap, const Params& p, const State& s, Slot slot) {
    Terms out = SaysWhatItAsked::terms(snap, p, s, slot);
    if (slot >= s.tracks.size() || slot >= snap.groups.size()) return out;
    const KoordinatorTrack& track = s.tracks[slot];
    if (track.asked.id == snap.groups[slot].id && track.decision.at != TimePoint{}) out.law = track.decision;
    return out;
  }

 private:
  static void forget(KoordinatorTrack& track) {
    track.asked = {};
    track.decision = {};
  }

  /// The share pool over the last five cycles. Requests are added up as integers: no order of groups shows in the sum.
  static std::optional<Pool> pool_now(const Snapshot& snap, State& s, const std::vector<Step>& steps) {
    const NodeView& node = snap.node;
    const bool anew = s.node_usage.count() <= 0 || node.usage <= s.node_usage;   // standing still: not read
    nanoseconds outside{0};
    std::int64_t bound = 0;
    for (Slot slot = 0; slot < snap.groups.size(); ++slot) {
      const Group* group = snap.catalog.find(slot);
      const GroupState& g = snap.groups[slot];
      if (group == nullptr || !g.counted || group->infrastructure) continue;
      const QosClass qos = snap.catalog.rule_of(*group).qos;
      if (!outside_pool(qos)) continue;
      outside += steps[slot].used;
      if (qos != QosClass::be && g.own.base_shares) bound += request_of(*g.own.base_shares, snap.catalog.v2).value;
    }
    if (anew) s.window.clear();
    else s.window.push_back({snap.at - s.cycle_at, node.usage - s.node_usage - outside});
    if (s.window.size() > kWindow) s.window.erase(s.window.begin());
    s.node_usage = node.usage;
    KoordinatorCycle sum;
    for (const KoordinatorCycle& c : s.window) sum = {sum.wall + c.wall, sum.used + c.used};
    auto pool = koordlet::pool_of(node.cpus, anew ? std::nullopt : std::optional{cores_of(sum.used, sum.wall)});
    if (pool) koordlet::leave(*pool, QosClass::lsr, bound, std::nullopt);
    return pool;
  }

  static bool limiter_allows(const Snapshot& snap, const Params& p, State& s, Slot slot, const Step& step, std::int64_t milli) {
    auto& limiter = s.tracks[slot].limiter;
    if (p.quota_burst_period_s < 0) return true;
    const std::uint64_t draw = mixed(s.seed + snap.groups[slot].id);
    if (!limiter || koordlet::expired(*limiter, snap.at - limiter->used_at)) {
      limiter = koordlet::new_limiter(p.quota_burst_period_s, p.quota_burst_percent, draw);
      limiter->used_at = snap.at;
    }
    koordlet::configure(*limiter, p.quota_burst_period_s, p.quota_burst_percent, draw);
    const bool known = step.kind == Step::Kind::moved && milli > 0;
    const std::int64_t percent = known ? koordlet::usage_percent(cores_of(step.used, step.wall), milli) : 100;
    const bool allowed = koordlet::allow(*limiter, percent, snap.at - limiter->used_at + kEarly);
    limiter->used_at = snap.at;
    return allowed;
  }

  /// A pod's annotation comes before what holds on the node.
  static Params of_group(const Snapshot& snap, const Params& node, Slot slot) {
    const Group* group = snap.catalog.find(slot);
    return group != nullptr && group->strategy ? koordlet::merged(node, *group->strategy) : node;
  }

  /// The law's, from what the container's file holds.
  static Decision decided(const Snapshot& snap, const Params& node, State& s, Slot slot, const Step& step, const std::optional<Pool>& pool) {
    const GroupState& g = snap.groups[slot];
    const Bandwidth& base = *g.own.base;
    Decision d;
    d.at = snap.at;
    d.config = of_group(snap, node, slot);
    const std::int64_t milli = limit_of(base)->value;
    d.limiter_allows = limiter_allows(snap, d.config, s, slot, step, milli);
    if (d.config.quota_burst_period_s >= 0) d.limiter = s.tracks[slot].limiter;
    if (step.kind == Step::Kind::moved) d.since = step.throttle;
    d.pool = pool;
    d.state = koordlet::state_of(pool, node.share_pool_percent);
    const auto throttled = d.since ? std::optional{throttled_share(*d.since)} : std::nullopt;
    d.operation = koordlet::overridden(koordlet::operation_of(d.config.policy, d.limiter_allows, throttled), d.state);
    d.base = base.quota->count();
    d.current = g.own.in_force ? g.own.in_force->quota->count() : d.base;
    d.ceiling = koordlet::ceiling(d.base, d.config.quota_burst_percent);
    d.target = koordlet::next_quota(d.operation, d.current, d.base, d.ceiling);
    d.burst = koordlet::static_burst(d.config.policy, milli, d.config.cpu_burst_percent, base.period.count());
    return d;
  }

  static void treat(const Snapshot& snap, const Params& node, State& s, Slot slot, const Step& step, const std::optional<Pool>& pool,
                    Desired& out) {
    KoordinatorTrack& track = s.tracks[slot];
    meet(track.asked, snap.groups[slot]);
    track.decision = decided(snap, node, s, slot, step, pool);
    const Decision& d = track.decision;
    const bool only_burst = d.target == d.current && d.target == d.base && d.burst > 0;
    const Because because = only_burst ? Because::law_burst : law_of(microseconds{d.current}, microseconds{d.target});
    ask(snap, track.asked, slot, because, microseconds{d.target}, microseconds{d.burst}, out);
  }
};

}  // namespace

HEADROOM_POLICY(koordinator, Koordinator)

}  // namespace headroom
