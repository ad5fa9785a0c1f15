// An Explanation as JSON: whole numbers only, so that whoever reads it can add up.
#include "engine/describe.hpp"
#include "engine/explain.hpp"
#include "engine/json_text.hpp"

namespace headroom {
namespace {

class Object {
 public:
  explicit Object(JsonText& out) : out_(out) { out_.open('{'); }
  ~Object() { out_.close('}'); }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  void milli(std::string_view key, MilliCpu v) { out_.key(key).number(v.value); }
  void ns(std::string_view key, nanoseconds v) { out_.key(key).number(v.count()); }
  void count(std::string_view key, std::uint64_t v) { out_.key(key).number(static_cast<std::int64_t>(v)); }
  void text(std::string_view key, std::string_view v) { out_.key(key).text(v); }
  void truth(std::string_view key, bool v) { out_.key(key).word(v ? "true" : "false"); }
  JsonText& key(std::string_view k) { return out_.key(k); }

 private:
  JsonText& out_;
};

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
  then.milli("inAllMilli", e.next->in_all);
  if (!e.next->borrows) then.text("decision", describe(e.next->why, names, e.at));
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
    o.count("because", static_cast<std::uint64_t>(e.why.because));
    o.text("decision", describe(e.why, names, e.at));
    o.milli("limitMilli", e.limit);
    o.milli("inAllMilli", e.in_all);
    o.milli("rateMilli", e.rate);
    o.milli("useMilli", e.use);
    o.milli("ceilingMilli", e.ceiling);
    o.ns("creditNs", e.credit);
    o.ns("creditCapNs", e.credit_cap);
    o.ns("quotaNs", e.credit_needed);
    if (e.borrows) put_lease(out, e);
    else put_change(out, e, names);
    put_share(o.key("share"), e.share);
    o.truth("termsOfTheShare", e.of_this_tick);
    put_terms(out, e, names);
    put_payers(out, e, names);
    o.count("protectedGroups", e.protected_groups);
    o.ns("allowedNs", e.allowed);
    put_levels(out, e, names);
  }
  return out.str();
}

}  // namespace headroom
