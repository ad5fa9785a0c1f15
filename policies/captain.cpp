// Policy `captain`: Autothrottle's Captain, per container, to be compared with (docs/policies/captain.md).
#include <algorithm>

#include "cgroups/types/fields.hpp"
#include "policies/captain_law.hpp"
#include "policies/lending.hpp"
#include "policies/params.hpp"
#include "policies/peer.hpp"
#include "policies/registry.hpp"

namespace headroom {

struct CaptainParams {
  int target_permille = 0;
};
struct CaptainTrack {
  Counters own, pod;
  Asked asked;
  autothrottle::Captain law;
};
struct CaptainState {
  std::vector<CaptainTrack> tracks;   ///< by slot
};
template <class Archive, Of<CaptainParams> T>
void fields(Archive& a, T& v) {
  auto& [target_permille] = v;
  a(target_permille);
}
template <class Archive, Of<CaptainTrack> T>
void fields(Archive& a, T& v) {
  auto& [own, pod, asked, law] = v;
  a(own, pod, asked, law);
}
template <class Archive, Of<CaptainState> T>
void fields(Archive& a, T& v) {
  auto& [tracks] = v;
  a(tracks);
}

namespace {

constexpr nanoseconds kSample = milliseconds{100};

constexpr ParamDoc kDocs[] = {
    {"targetPermille", "permille of the periods", "0..1000", "0", "throttled periods that are aimed at"},
};

double in_cores(MilliCpu c) { return static_cast<double>(c.value) / 1000; }

/// Only of a treated group.
double owners_limit(const Bandwidth& base) {
  return static_cast<double>(base.quota->count()) / static_cast<double>(base.period.count());
}

struct CaptainPolicy : SaysWhatItAsked {
  static constexpr std::string_view kName = "captain";
  using Params = CaptainParams;
  using State = CaptainState;

  static std::span<const ParamDoc> docs() { return kDocs; }
  static nanoseconds rhythm(const Params&) { return kSample; }

  static Params parse(const Node& tuning, Faults& faults) {
    ParamReader read(tuning, docs(), faults);
    read.refuse_unknown(kName);
    return {static_cast<int>(read.integer("targetPermille", 0, 1000, 0))};
  }

  static void decide(const Snapshot& snap, const Params& p, State& s, Desired& out) {
    s.tracks.resize(std::max(s.tracks.size(), snap.groups.size()));
    for (const Slot slot : snap.touched)
      if (slot < snap.groups.size() && dropped(snap.groups[slot])) s.tracks[slot] = {};
    for (const Slot slot : snap.fresh) {
      if (slot >= snap.groups.size() || dropped(snap.groups[slot])) continue;
      if (untreated(snap, slot) == Because::none) sample(snap, p, s.tracks[slot], slot, out);
      else leave(snap, s.tracks[slot].asked, slot, out);
    }
  }

 private:
  /// Its own throttling or that of its pod's quota, where a container's share of it does not show (KERNEL 9).
  static double throttled(const Snapshot& snap, CaptainTrack& track, Slot slot, const Step& own) {
    const Slot up = snap.catalog.find(slot)->parent;
    const Group* pod = snap.catalog.find(up);
    double share = throttled_share(own.throttle);
    if (pod == nullptr || pod->identity.kind != GroupKind::pod || up >= snap.groups.size()) return share;
    const Step above = look(track.pod, snap.groups[up], kSample / 2);
    return std::max(share, throttled_share(above.throttle));
  }

  /// Not below its request, not above what a lease could reach; its owner's limit is always within.
  static double clamped(const Snapshot& snap, const Group& group, const GroupState& g, double limit) {
    const double owners = owners_limit(*g.own.base);
    const double request = g.own.base_shares ? in_cores(request_of(*g.own.base_shares, snap.catalog.v2)) : owners;
    return std::clamp(limit, std::min(request, owners), std::max(in_cores(ceiling_of(snap, group)), owners));
  }

  static void sample(const Snapshot& snap, const Params& p, CaptainTrack& track, Slot slot, Desired& out) {
    const GroupState& g = snap.groups[slot];
    const Bandwidth& base = *g.own.base;
    if (meet(track.asked, g) != Met::same) {
      track.law = {};
      track.law.limit = owners_limit(base);
    }
    const Step step = look(track.own, g, kSample - kSample / 10);
    if (step.kind == Step::Kind::unread) return;
    const double share = throttled(snap, track, slot, step);
    if (step.kind == Step::Kind::anew) {   // its histories begin again, its limit stays
      const double limit = track.law.limit;
      track.law = {};
      track.law.limit = limit;
      return;
    }
    autothrottle::sample(track.law, p.target_permille / 1000.0, share, cores_of(step.used, step.wall));
    track.law.limit = clamped(snap, *snap.catalog.find(slot), g, track.law.limit);
    const double us = track.law.limit * static_cast<double>(base.period.count());
    const microseconds quota{std::max<std::int64_t>(1000, static_cast<std::int64_t>(us + 0.5))};
    const microseconds before = track.asked.quota.value_or(*base.quota);
    ask(snap, track.asked, slot, law_of(before, quota), quota, microseconds{0}, out);
  }
};

}  // namespace

HEADROOM_POLICY(captain, CaptainPolicy)

}  // namespace headroom
