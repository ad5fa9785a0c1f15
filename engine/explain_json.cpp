// An Explanation as JSON: whole numbers only, so that whoever reads it can add up.
#include "engine/describe.hpp"
#include "engine/explain_parts.hpp"
#include "engine/json_object.hpp"

namespace headroom {
namespace {

std::string name_of(const Catalog& names, Slot slot) {
  const Group* g = names.find(slot);
  return g == nullptr ? "" : label_of(*g);
}

void put_share(JsonText& out, const ShareTerms& s) {
  Object o(out);
  o.milli("targetMilli", s.of.target);
  o.milli("expectedMilli", s.of.expected);
  o.milli("siblingsMilli", s.of.siblings);
  o.milli("claimedMilli", s.of.claimed);
  o.truth("stolen", s.of.stolen);
  if (s.of.free) o.milli("freeMilli", *s.of.free);
  o.milli("lendableMilli", s.of.lendable);
  o.milli("servedBeforeMilli", s.served_before);
  o.milli("amountMilli", s.amount);
  o.milli("askedMilli", s.asked);
  o.milli("grantedMilli", s.granted);
  o.milli("othersAskedMilli", s.others_asked);
  o.milli("othersGrantedMilli", s.others_granted);
  o.count("claims", s.claims);
}

std::string_view word(LendTerm::Why why) {
  switch (why) {
    case LendTerm::Why::neighbour: return "neighbour";
    case LendTerm::Why::claimant: return "claimant";
    case LendTerm::Why::user: return "user";
  }
  return "";
}

void put_terms(JsonText& out, const Explanation& e, const Catalog& names) {
  out.key("terms").open('[');
  for (const LendTerm& t : e.terms) {
    Object o(out);
    o.text("group", name_of(names, t.slot));
    o.text("why", word(t.why));
    o.milli("milli", t.cores);
  }
  out.close(']');
}

void put_payers(JsonText& out, const Explanation& e, const Catalog& names) {
  out.key("payers").open('[');
  for (const Payer& p : e.payers) {
    Object o(out);
    o.text("group", name_of(names, p.slot));
    o.ns("waitedNs", p.waited);
  }
  out.close(']');
}

void put_bandwidth(JsonText& out, const std::optional<Bandwidth>& b) {
  if (!b) {
    out.word("null");
    return;
  }
  Object o(out);
  if (b->quota) o.count("quotaUs", static_cast<std::uint64_t>(b->quota->count()));
  else o.key("quotaUs").word("null");
  o.count("periodUs", static_cast<std::uint64_t>(b->period.count()));
  o.count("burstUs", static_cast<std::uint64_t>(b->burst.count()));
}

void put_levels(JsonText& out, const Explanation& e, const Catalog& names) {
  out.key("levels").open('[');
  for (const LevelValues& l : e.levels) {
    Object o(out);
    const Group* g = names.find(l.slot);
    o.text("path", g ? "/" + g->path : "");
    put_bandwidth(o.key("own"), l.own);
    put_bandwidth(o.key("now"), l.now);
    if (l.own_shares) o.count("ownShares", l.own_shares->value);
    if (l.now_shares) o.count("nowShares", l.now_shares->value);
    o.count("writes", l.writes);
    o.count("refills", l.refills);
    o.count("foreignWrites", l.foreign_writes);
  }
  out.close(']');
}

void put_lease(JsonText& out, const Explanation& e) {
  Object o(out.key("lease"));
  o.text("kind", to_string(e.kind));
  o.text("actuator", to_string(e.actuator));
  o.ns("ageNs", e.at - e.since);
  if (e.expires > e.at) o.ns("endsInNs", e.expires - e.at);
  o.ns("lastWantedNs", e.at - e.wanted_at);
  o.ns("holdNs", e.hold);
  o.text("bound", to_string(e.bound));
  o.milli("boundMilli", e.bound_at);
}

void put_change(JsonText& out, const Explanation& e, const Catalog& names) {
  Object o(out.key("toChange"));
  o.text("kind", to_string(e.change.kind));
  o.text("text", describe(e, e.change, names));
  if (e.change.cores.value != 0) o.milli("milli", e.change.cores);
  if (e.change.until > e.at) o.ns("waitNs", e.change.until - e.at);
  if (!e.next) return;
  Object then(o.key("then"));
  then.truth("borrows", e.next->borrows);
  then.truth("byLaw", e.next->by_law);
  then.milli("inAllMilli", e.next->in_all);
  if (!e.next->borrows) then.text("decision", describe(e.next->why, names, e.at));
  if (e.next->why.bar != Bar::none) then.text("bar", to_string(e.next->why.bar));
}

/// CPU above the limit is paid 1:1 from the credit, each write with one quota.
void put_price(Object& o, const Explanation& e) {
  Object price(o.key("price"));
  price.ns("creditNs", e.credit);
  price.ns("creditCapNs", e.credit_cap);
  price.ns("perWriteNs", e.credit_needed);
}

void put_list(JsonText& out, const std::vector<std::string>& texts) {
  out.open('[');
  for (const std::string& text : texts) out.text(text);
  out.close(']');
}

}  // namespace

std::string explain_json(const Explanation& e, const Catalog& names) {
  JsonText out;
  {
    Object o(out);
    o.count("tick", e.tick);
    o.text("group", name_of(names, e.slot));
    const Group* group = names.find(e.slot);
    o.text("is", group == nullptr ? std::string{} : step_of(*group));
    o.truth("borrows", e.borrows);
    o.truth("written", e.writes);
    o.text("policy", e.policy);
    o.truth("byLaw", e.by_law);
    o.count("because", static_cast<std::uint64_t>(e.why.because));
    o.text("decision", describe(e.why, names, e.at));
    if (e.why.bar != Bar::none) o.text("bar", to_string(e.why.bar));
    o.milli("limitMilli", e.limit);
    o.milli("inAllMilli", e.in_all);
    o.milli("rateMilli", e.rate);
    o.milli("useMilli", e.use);
    o.milli("ceilingMilli", e.ceiling);
    if (e.borrows || e.share.at != TimePoint{}) put_price(o, e);
    put_list(o.key("unheard"), unheard_of(e, names));
    o.text("undo", undo_of(e));
    if (e.borrows) put_lease(out, e);
    else put_change(out, e, names);
    if (e.law) put_law(o, e);
    put_share(o.key("share"), e.share);
    o.truth("termsOfTheShare", e.of_this_tick);
    put_terms(out, e, names);
    put_payers(out, e, names);
    o.count("protectedGroups", e.protected_groups);
    o.ns("allowedNs", e.allowed);
    o.ns("allowedPerNs", e.allowed_per);
    put_levels(out, e, names);
  }
  return out.str();
}

}  // namespace headroom
