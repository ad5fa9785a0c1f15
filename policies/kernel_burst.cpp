// Policy `kernel_burst`: a constant kernel burst and nothing else, to be compared with (docs/policies/kernel_burst.md).
#include <algorithm>

#include "cgroups/types/fields.hpp"
#include "policies/params.hpp"
#include "policies/peer.hpp"
#include "policies/registry.hpp"

namespace headroom {

struct KernelBurstParams {
  int percent = 100;
};
struct KernelBurstTrack {
  Asked asked;
};
struct KernelBurstState {
  std::vector<KernelBurstTrack> tracks;   ///< by slot
};
template <class Archive, Of<KernelBurstParams> T>
void fields(Archive& a, T& v) {
  auto& [percent] = v;
  a(percent);
}
template <class Archive, Of<KernelBurstTrack> T>
void fields(Archive& a, T& v) {
  auto& [asked] = v;
  a(asked);
}
template <class Archive, Of<KernelBurstState> T>
void fields(Archive& a, T& v) {
  auto& [tracks] = v;
  a(tracks);
}

namespace {

constexpr ParamDoc kDocs[] = {
    {"percent", "% of the quota", "0..100", "100", "kernel burst; 0: none"},
};

struct KernelBurst : SaysWhatItAsked {
  static constexpr std::string_view kName = "kernel_burst";
  using Params = KernelBurstParams;
  using State = KernelBurstState;

  static std::span<const ParamDoc> docs() { return kDocs; }
  /// It looks at nothing but limits: this is for the metrics.
  static nanoseconds rhythm(const Params&) { return seconds{1}; }

  static Params parse(const Node& tuning, Faults& faults) {
    ParamReader read(tuning, docs(), faults);
    read.refuse_unknown(kName);
    return {static_cast<int>(read.integer("percent", 0, 100, 100))};
  }

  static void decide(const Snapshot& snap, const Params& p, State& s, Desired& out) {
    s.tracks.resize(std::max(s.tracks.size(), snap.groups.size()));
    for (const Slot slot : snap.touched)
      if (slot < snap.groups.size() && dropped(snap.groups[slot])) s.tracks[slot] = {};
    for (const auto slots : {snap.touched, snap.fresh})
      for (const Slot slot : slots)
        if (slot < snap.groups.size() && !dropped(snap.groups[slot])) treat(snap, p, s, slot, out);
  }

 private:
  static void treat(const Snapshot& snap, const Params& p, State& s, Slot slot, Desired& out) {
    Asked& asked = s.tracks[slot].asked;
    if (untreated(snap, slot) != Because::none) return leave(snap, asked, slot, out);
    const GroupState& g = snap.groups[slot];
    meet(asked, g);
    const microseconds quota = *g.own.base->quota;
    ask(snap, asked, slot, Because::law_burst, quota, quota * p.percent / 100, out);
  }
};

}  // namespace

HEADROOM_POLICY(kernel_burst, KernelBurst)

}  // namespace headroom
