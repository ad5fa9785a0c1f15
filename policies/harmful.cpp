// Policy `harmful`: lends everything that a class may have to everybody who may borrow, whatever it costs others. For the
// lab, to hold what the judge says against what neighbours really waited (docs/policies/harmful.md).
#include <algorithm>

#include "policies/fields.hpp"
#include "policies/lending.hpp"
#include "policies/params.hpp"
#include "policies/registry.hpp"

namespace headroom {

struct HarmfulState {
  std::vector<Lease> leases;
};
template <class Archive, Of<HarmfulState> T>
void fields(Archive& a, T& v) {
  auto& [leases] = v;
  a(leases);
}

namespace {

struct Harmful {
  static constexpr std::string_view kName = "harmful";
  using Params = Nothing;
  using State = HarmfulState;

  static std::span<const ParamDoc> docs() { return {}; }
  static Params parse(const Node& tuning, Faults& faults) {
    ParamReader(tuning, docs(), faults).refuse_unknown(kName);
    return {};
  }

  static void decide(const Snapshot& snap, const Params&, State& s, Desired& out) {
    std::erase_if(s.leases, [&](const Lease& l) { return !borrows(snap, l.slot) || snap.groups[l.slot].id != l.group_id; });
    for (const auto slots : {snap.touched, snap.fresh})
      for (const Slot slot : slots)
        if (borrows(snap, slot) && find(s, slot) == s.leases.end()) s.leases.push_back(lease(snap, slot));
    for (const Lease& l : s.leases) out.leases.push_back({l.slot, l.cores, l.visibility, l.kind, l.why});
  }

  static Reason explain(const Snapshot& snap, const Params&, const State& s, Slot slot) {
    const auto found = find(s, slot);
    if (found != s.leases.end()) return found->why;
    const Group* g = snap.catalog.find(slot);
    Reason why;
    why.because = Because::refuse_unread;
    if (g == nullptr || slot >= snap.groups.size()) return why;
    why.bar = first_bar(snap.catalog, *g);
    const Ownership& own = snap.groups[slot].own;
    const bool unlimited = own.base && !own.base->quota;
    why.because = why.bar != Bar::none ? Because::refuse_class : unlimited ? Because::refuse_unlimited : Because::refuse_uncertain;
    return why;
  }
  static Terms terms(const Snapshot& snap, const Params& p, const State& s, Slot slot) {
    Terms out;
    out.lent = find(s, slot) != s.leases.end();
    out.because = out.lent ? Because::none : explain(snap, p, s, slot).because;
    return out;
  }
  static std::span<const Lease> leases(const State& s) { return s.leases; }

 private:
  static std::vector<Lease>::const_iterator find(const State& s, Slot slot) {
    return std::find_if(s.leases.begin(), s.leases.end(), [&](const Lease& l) { return l.slot == slot; });
  }

  static bool borrows(const Snapshot& snap, Slot slot) {
    const Group* g = snap.catalog.find(slot);
    if (g == nullptr || slot >= snap.groups.size() || snap.groups[slot].id != g->id || g->infrastructure) return false;
    const Ownership& own = snap.groups[slot].own;
    return snap.catalog.rule_of(*g).borrow && snap.groups[slot].counted && own.certain && own.base && own.base->quota;
  }

  static Lease lease(const Snapshot& snap, Slot slot) {
    const MilliCpu all = ceiling_of(snap, *snap.catalog.find(slot));
    Reason why;
    why.because = Because::lend_predicted;
    why.rate = snap.groups[slot].rate;
    why.asked = why.granted = why.lendable = all;
    return {slot, snap.groups[slot].id, LeaseKind::burst, Visibility::file, snap.at, {}, all, why};
  }
};

}  // namespace

HEADROOM_POLICY(harmful, Harmful)

}  // namespace headroom
