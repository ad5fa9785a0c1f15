// An Explanation as one screen for people.
#include <fmt/format.h>

#include <algorithm>

#include "engine/describe.hpp"
#include "engine/explain_parts.hpp"

namespace headroom {
namespace {

constexpr std::size_t kMostTerms = 3, kMostPayers = 2;   // all of it has to fit 24 lines

/// Three places: what is added up is in milli-CPU, and a rounded sum would not add up.
std::string cores(MilliCpu c) { return fmt::format("{:.3f}", static_cast<double>(c.value) / 1000); }
std::string span_of(nanoseconds n) {
  const double s = static_cast<double>(n.count()) / 1e9;
  if (n < seconds{1}) return fmt::format("{:.1f} ms", s * 1000);
  return n < seconds{100} ? fmt::format("{:.1f} s", s) : fmt::format("{:.0f} s", s);
}
std::string line(std::string_view label, const std::string& text) { return explain_line(label, text); }

std::string name_of(const Catalog& names, Slot slot) {
  const Group* g = names.find(slot);
  return g == nullptr ? "a group that is gone" : label_of(*g);
}

std::string headline(const Explanation& e, const Catalog& names) {
  const std::string name = name_of(names, e.slot);
  if (e.by_law) return law_headline(e, name);
  if (!e.borrows) {
    if (e.why.because == Because::none) return fmt::format("{} does not borrow yet: it is lent to when it is read next\n", name);
    return fmt::format("{} does not borrow: {}\n", name, describe(e.why, names, e.at));
  }
  return fmt::format("{} {} {} cores: {} in all, its own limit is {}\n", name, e.writes ? "borrows" : "would borrow",
                     cores(e.in_all - e.limit), cores(e.in_all), cores(e.limit));
}

std::string ends(const Explanation& e) {
  if (e.expires > e.at) return "in " + span_of(e.expires - e.at);
  return fmt::format("when it has wanted no more than its limit for {} (last wanted {} ago)", span_of(e.hold),
                     span_of(e.at - e.wanted_at));
}

std::string because(const Explanation& e, const Catalog& names) {
  if (e.why.because == Because::lend_start) return "is in its first seconds";
  if (e.why.because == Because::lend_continues) return fmt::format("still wants more than its limit: ran at {} cores", cores(e.why.rate));
  if (e.why.because == Because::lend_predicted)
    return fmt::format("ran at {} cores: its quota would not have lasted the period", cores(e.why.rate));
  return describe(e.why, names, e.at);
}

std::string lease_lines(const Explanation& e, const Catalog& names) {
  std::string out = line("lease", fmt::format("{}, by {}, for {}", to_string(e.kind),
                                              e.actuator == Actuator::file ? "raised quota" : "refilling (no value changes)",
                                              span_of(e.at - e.since)));
  return out + line("ends", ends(e)) + line("because", because(e, names));
}

std::string_view what(LendTerm::Why why) {
  switch (why) {
    case LendTerm::Why::neighbour: return "expected of a protected neighbour:";
    case LendTerm::Why::claimant: return "claimed, its whole limit:";
    case LendTerm::Why::user: return "used now, up to its limit:";
  }
  return "";
}

std::string term_lines(const Explanation& e, const Catalog& names) {
  std::string out;
  MilliCpu rest;
  std::size_t others = 0;
  for (std::size_t i = 0; i < e.terms.size(); ++i) {
    const LendTerm& t = e.terms[i];
    if (i < kMostTerms || e.terms.size() == kMostTerms + 1)
      out += line("", fmt::format("- {}  {} {}", cores(t.cores), what(t.why), t.slot == e.slot ? "itself" : name_of(names, t.slot)));
    else rest += t.cores, ++others;
  }
  if (others > 0) out += line("", fmt::format("- {}  {} others", cores(rest), others));
  return out;
}

/// CPUs x target - terms = lendable; what cuts it further.
std::string lendable_lines(const Explanation& e, const Catalog& names) {
  const LendableTerms& of = e.share.of;
  if (e.share.at == TimePoint{}) return "";
  if (of.stolen) return line("lendable", "0.000: the hypervisor gives more of the node's CPUs to others than node.steal allows");
  const MilliCpu taken = of.expected + of.siblings + of.claimed;
  std::string out = line("lendable", fmt::format("{} = {} ({} CPUs x {} %) - {}{}", cores(std::max(MilliCpu{}, of.target - taken)),
                                                 cores(of.target), e.cpus, of.target.value / (10 * std::max(1, e.cpus)),
                                                 cores(taken), taken > of.target ? ", and never below 0" : ""));
  if (!e.of_this_tick)
    out += line("", fmt::format("of {} ago, when its share was last set; expected now:", span_of(e.at - e.share.at)));
  out += term_lines(e, names);
  if (of.siblings.value > 0) out += line("", fmt::format("- {}  siblings of busy CPUs, which count 0.4", cores(of.siblings)));
  if (of.free && *of.free <= of.lendable) out += line("", fmt::format("its CPUs have {} free below the target: no more than that", cores(*of.free)));
  if (e.share.served_before.value > 0)
    out += line("", fmt::format("- {}  given to claims on fewer CPUs, which are served first", cores(e.share.served_before)));
  return out;
}

std::string share_line(const Explanation& e) {
  const ShareTerms& s = e.share;
  if (s.at == TimePoint{}) return "";
  std::string others;
  if (s.claims > 1)
    others = fmt::format("; {} other{} asked {}, got {}", s.claims - 1, s.claims == 2 ? "" : "s", cores(s.others_asked), cores(s.others_granted));
  return line("share", fmt::format("of {}: asked {}, got {}{}; {} left", cores(s.amount), cores(s.asked), cores(s.granted), others,
                                   cores(s.amount - s.granted - s.others_granted)));
}

std::string bound_text(const Explanation& e) {
  switch (e.bound) {
    case Bound::none: return "none";
    case Bound::use: return fmt::format("its own use and a margin: it wants no more than {}", cores(e.bound_at));
    case Bound::ceiling: return fmt::format("ceiling: its class and its CPUs let it have {} in all", cores(e.ceiling));
    case Bound::lendable: return fmt::format("what is lendable: {}", cores(e.bound_at));
    case Bound::share: return fmt::format("its share: others claim of the {} too", cores(e.bound_at));
    case Bound::node: return fmt::format("the node has {}", cores(e.bound_at));
    case Bound::file: return fmt::format("{} stays written: refused, less than a fifth apart, or a limit above it that is not ours", cores(e.bound_at));
  }
  return "";
}

std::string pays_lines(const Explanation& e, const Catalog& names) {
  const std::string allowed = fmt::format("{} in {} s are allowed each", span_of(e.allowed), e.allowed_per.count());
  if (e.payers.empty())
    return line("pays", fmt::format("none of {} protected neighbours has waited because of leases in the last {} s; {}", e.protected_groups,
                                    e.allowed_per.count(), allowed));
  std::string out;
  for (std::size_t i = 0; i < std::min(kMostPayers, e.payers.size()); ++i)
    out += line(i == 0 ? "pays" : "", fmt::format("{} has waited {} of the last {} s because of leases", name_of(names, e.payers[i].slot),
                                                     span_of(e.payers[i].waited), e.allowed_per.count()));
  return out + line("", fmt::format("{} of {} protected neighbours have waited; {}", e.payers.size(), e.protected_groups, allowed));
}

std::string quota(const std::optional<microseconds>& q) { return q ? fmt::format("{}", q->count()) : "none"; }
std::string moved(const std::string& a, const std::string& b) { return a == b ? a : a + " -> " + b; }

std::string level_line(const LevelValues& l, const Catalog& names, std::string_view label) {
  const Group* g = names.find(l.slot);
  const std::string_view kind = g ? to_string(g->identity.kind) : "";
  if (!l.own || !l.now) return line(label, fmt::format("{}: limits are not known yet", kind));
  std::string out = fmt::format("{}: quota {} of {} us, burst {} us", kind, moved(quota(l.own->quota), quota(l.now->quota)), l.now->period.count(),
                                moved(fmt::format("{}", l.own->burst.count()), fmt::format("{}", l.now->burst.count())));
  if (l.own_shares && l.now_shares)
    out += fmt::format(", weight {}", moved(fmt::format("{}", l.own_shares->value), fmt::format("{}", l.now_shares->value)));
  out += fmt::format("; {} writes, {} refills, {} by others", l.writes, l.refills, l.foreign_writes);
  return line(label, out);
}

std::string level_lines(const Explanation& e, const Catalog& names) {
  const Group* g = names.find(e.slot);
  std::string out = line("cgroup", "/" + (g ? g->path : ""));
  for (const LevelValues& l : e.levels) out += level_line(l, names, &l == e.levels.data() ? "writes" : "");
  return out;
}

std::string then(const Next& next, const Catalog& names, TimePoint now) {
  if (next.by_law) return "the policy's rule is for it too: " + describe(next.why, names, now);
  if (next.borrows) return fmt::format("it would borrow: {} cores in all", cores(next.in_all));
  return "the next bound is: " + describe(next.why, names, now);
}

std::string price_line(const Explanation& e) {
  return line("price", fmt::format("{} of {} of credit left: CPU above its limit is paid 1:1, each write with one quota ({})",
                                   span_of(e.credit), span_of(e.credit_cap), span_of(e.credit_needed)));
}

}  // namespace

std::string_view undo_of(const Explanation& e) {
  if (e.by_law) return "headroomctl pause puts its owner's values back at once, resume goes on; for good: policy: headroom or static";
  if (e.borrows) return "headroomctl pause takes everything back at once, resume goes on; for good: take it out of `classes`";
  return "no lease to undo; headroomctl restore puts every file back that is not its owner's";
}

std::vector<std::string> unheard_of(const Explanation& e, const Catalog& names) {
  const Group* g = names.find(e.slot);
  if (g == nullptr) return {};
  std::vector<std::string> out = g->unheard;
  if (g->strategy && e.policy != "koordinator") out.emplace_back("koordinator.sh/cpuBurst: is for policy koordinator alone");
  return out;
}

std::string explain_line(std::string_view label, const std::string& text) { return fmt::format("{:<11}{}\n", label, text); }

std::string explain_text(const Explanation& e, const Catalog& names) {
  std::string out = headline(e, names) + "\n";
  const Group* group = names.find(e.slot);
  if (const std::string step = group == nullptr ? "" : step_of(*group); !step.empty()) out += line("is", step);
  for (const std::string& one : unheard_of(e, names)) out += line("annotation", one);
  if (e.by_law) {
    out += law_lines(e, names) + line("to change", describe(e, e.change, names)) + pays_lines(e, names) + level_lines(e, names);
    return out + line("undo", std::string(undo_of(e)));
  }
  if (e.borrows) {
    out += lease_lines(e, names) + lendable_lines(e, names) + share_line(e);
    out += line("in all", fmt::format("{} own + {} lent = {}; bound: {}", cores(e.limit), cores(e.in_all - e.limit), cores(e.in_all), bound_text(e)));
    out += pays_lines(e, names) + level_lines(e, names) + price_line(e);
    return out + line("undo", std::string(undo_of(e)));
  }
  out += line("to change", describe(e, e.change, names));
  if (e.next) out += line("", "then " + then(*e.next, names, e.at));
  if (e.share.at != TimePoint{}) {
    const MilliCpu more = e.in_all - e.limit;
    out += line("would get", fmt::format("{} own + {} lent = {} in all", cores(e.limit), cores(more), cores(e.in_all)));
    out += lendable_lines(e, names) + share_line(e);
  }
  out += pays_lines(e, names) + level_lines(e, names);
  if (e.share.at != TimePoint{}) out += price_line(e);
  return out + line("undo", std::string(undo_of(e)));
}

}  // namespace headroom
