// Policy `headroom`: lends CPU to containers that are about to be throttled, for as long as nobody who owns it wants
// it (docs/policies/headroom.md). One decision a tick: accounts, gate, revocation, claims, shares, wants.
#include <algorithm>

#include "policies/fields.hpp"
#include "policies/lending.hpp"
#include "policies/params.hpp"
#include "policies/registry.hpp"

namespace headroom {
namespace {

constexpr ParamDoc kDocs[] = {
    {"hold", "ms", "0..10000", "1000", "a lease outlives the last wish for it by this long"},
    {"earlyPercent", "% of the quota", "1..100", "10", "use within a period before a forecast counts"},
    {"burstPercent", "% of the quota", "0..50", "50", "kernel burst on container and pod; 0: none"},
    {"punctuality", "ms", "1..1000", "30", "lateness of the loop beyond which nothing stays lent"},
    {"harmWindow", "permille of 100 ms", "1..1000", "500", "harm in one window that ends leases at once"},
    {"harmBackoff", "ms", "0..600000", "2000", "no lease for a borrower that was revoked for harm"},
    {"startPause", "ms", "0..3600000", "60000", "at most one start lease per pod in this time"},
    {"least", "milli-CPU", "1..10000", "50", "a lease is opened for at least this much above the limit"},
    {"weightEighths", "eighths", "1..8", "1", "weight of a borrower while claims exceed what is lendable; 8: kept"},
};

struct Headroom {
  static constexpr std::string_view kName = "headroom";
  using Params = HeadroomParams;
  using State = LendingState;

  static std::span<const ParamDoc> docs() { return kDocs; }

  static Params parse(const Node& tuning, Faults& faults) {
    ParamReader read(tuning, docs(), faults);
    read.refuse_unknown(kName);
    Params p;
    p.hold = milliseconds{read.integer("hold", 0, 10'000, 1000)};
    p.early_percent = static_cast<int>(read.integer("earlyPercent", 1, 100, 10));
    p.burst_percent = static_cast<int>(read.integer("burstPercent", 0, 50, 50));
    p.punctuality = milliseconds{read.integer("punctuality", 1, 1000, 30)};
    p.harm_window_permille = static_cast<int>(read.integer("harmWindow", 1, 1000, 500));
    p.harm_backoff = milliseconds{read.integer("harmBackoff", 0, 600'000, 2000)};
    p.start_pause = milliseconds{read.integer("startPause", 0, 3'600'000, 60'000)};
    p.least = MilliCpu{read.integer("least", 1, 10'000, 50)};
    p.weight_eighths = static_cast<int>(read.integer("weightEighths", 1, 8, 1));
    return p;
  }

  static void decide(const Snapshot& snap, const Params& p, State& s, Desired& out) {
    s.borrowers.resize(std::max(s.borrowers.size(), snap.groups.size()));
    for (const Slot slot : snap.fresh) meet(snap, s, slot);
    for (const Slot slot : snap.touched) meet(snap, s, slot);
    end_spent(snap, p, s, out);
    if (is_held(snap.node)) return stand(s, out);
    const Because gate = closed(snap, p);
    if (gate != Because::none) end_all(snap, s, out, gate);
    revoke_harmful(snap, p, s, out);
    s.claims.clear();
    s.awake.reset();
    if (gate == Because::none) claim(snap, p, s);
    serve(snap, s, out);
    release_held(snap, s, out);
    for (const Claim& c : s.claims) grant(snap, p, s, out, c);
    stand(s, out);
    burst(snap, p, s, out);
    weigh(snap, p, s, out);
  }

  static Reason explain(const Snapshot& snap, const Params& p, const State& s, Slot slot) {
    Reason why;
    if (slot >= s.borrowers.size() || snap.catalog.find(slot) == nullptr) return why;
    const Borrower& b = s.borrowers[slot];
    if (b.lease != 0) return s.leases[b.lease - 1].why;
    why.rate = snap.groups[slot].rate;
    why.credit = b.credit;
    if (snap.groups[slot].own.base) why.granted = own_limit(snap.groups[slot]);
    why.because = first_rule(snap, p, s, slot);
    if (why.because == Because::refuse_class) why.bar = first_bar(snap.catalog, *snap.catalog.find(slot));
    if (why.because != Because::refuse_no_lendable) return why;
    const Terms made_of = terms_of(snap, p, s, slot);
    why.asked = made_of.limit + made_of.share.asked;
    why.lendable = made_of.share.amount;
    return why;
  }

  static Terms terms(const Snapshot& snap, const Params& p, const State& s, Slot slot) {
    return terms_of(snap, p, s, slot);
  }
  static std::span<const Lease> leases(const State& s) { return s.leases; }

  static std::vector<Policy::Credit> credits(const State& s) {
    std::vector<Policy::Credit> list;
    for (const auto& [key, slot] : s.accounts)
      if (s.borrowers[slot].id != 0) list.push_back({key, s.borrowers[slot].credit});
    return list;
  }

  static void restore(State& s, std::span<const Policy::Credit> credits) {
    for (const auto& c : credits) s.restored[c.key] = c.left;
  }

 private:
  /// Who was read now, whose limits have become certain now, and who holds a lease and was not read.
  static void claim(const Snapshot& snap, const Params& p, State& s) {
    const auto open = [&](Slot slot) { return slot < s.borrowers.size() && s.borrowers[slot].considered_at != snap.at; };
    for (const Slot slot : snap.fresh) consider(snap, p, s, slot);
    for (const Slot slot : snap.touched)
      if (open(slot) && s.borrowers[slot].lease == 0) consider(snap, p, s, slot);
    for (const Lease& lease : s.leases)
      if (open(lease.slot)) consider(snap, p, s, lease.slot);
  }

  static void stand(const State& s, Desired& out) {
    for (const Lease& lease : s.leases)
      out.leases.push_back({lease.slot, lease.cores, lease.visibility, lease.kind, lease.why});
  }

  /// Kernel burst carries what is shorter than a control period; a constant, so it is written once.
  static void burst(const Snapshot& snap, const Params& p, const State& s, Desired& out) {
    for (const Slot slot : snap.fresh) {
      const Group* group = snap.catalog.find(slot);
      const GroupState& g = snap.groups[slot];
      if (group == nullptr || barred(snap, slot, s.borrowers[slot]) != Because::none) continue;
      if (snap.catalog.rule_of(*group).borrow->visibility == Visibility::hidden || snap.at < g.own.no_burst_until) continue;
      if (s.borrowers[slot].lease != 0 && s.leases[s.borrowers[slot].lease - 1].kind == LeaseKind::start) continue;
      const microseconds wanted = *g.own.base->quota * p.burst_percent / 100;
      if (g.own.in_force && g.own.in_force->burst == std::max(wanted, g.own.base->burst)) continue;
      Reason why;
      why.because = Because::kernel_burst;
      why.rate = g.rate;
      out.bursts.push_back({slot, std::max(wanted, g.own.base->burst), why});
    }
  }
};

}  // namespace

HEADROOM_POLICY(headroom_leases, Headroom)

}  // namespace headroom
