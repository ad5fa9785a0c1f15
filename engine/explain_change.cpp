// What to do about a refusal, in words.
#include <fmt/format.h>

#include "engine/describe.hpp"
#include "engine/explain_parts.hpp"

namespace headroom {
namespace {

std::string cores(MilliCpu c) { return fmt::format("{:.2f}", static_cast<double>(c.value) / 1000); }
std::string span_of(nanoseconds n) {
  if (n < seconds{10}) return fmt::format("{:.3f} s", static_cast<double>(n.count()) / 1e9);
  return fmt::format("{} s", n / seconds{1});
}

/// The rest of a pause, and what it is for.
std::string wait(const Explanation& e, const Change& change) {
  return fmt::format("wait {}: then it is looked at again", span_of(std::max(nanoseconds{0}, change.until - e.at)));
}

std::string earn(const Explanation& e, const Change& change) {
  const std::string more = "raise borrow.credit of its class";
  if (e.credit_cap <= e.credit_needed)
    return fmt::format("{}: it is {}, and one quota of {} is taken for the first write", more, span_of(e.credit_cap),
                       span_of(e.credit_needed));
  return fmt::format("let it run {} of CPU below its limit (at most {} a second), or {}", span_of(change.time),
                     cores(e.limit), more);
}

std::string load(const Explanation& e) {
  if (e.load == LoadState::overload) return "protected work has to fall below the node's target for 3 s, then 5 s pass";
  if (e.load == LoadState::cooling) return "wait: it has been overloaded, and nothing new is lent for 5 s";
  if (e.load == LoadState::unknown) return "the node's use has to be readable again: see headroomctl doctor";
  return fmt::format("the loop has to be punctual for 1 s: its worst lateness is {}", span_of(e.lateness));
}

std::string room(const Explanation& e, const Change& change) {
  if (e.share.of.stolen) return "the hypervisor has to give this node its CPUs, or node.steal has to be larger";
  return fmt::format("{} cores more have to be free: of what its neighbours are expected to use, or a larger node",
                     cores(change.cores));
}

}  // namespace

std::string describe(const Explanation& e, const Change& change, const Catalog& names) {
  switch (change.kind) {
    case ChangeKind::none: return names.find(e.slot) ? how_to_lift(e.why.bar, *names.find(e.slot)) : "nothing: it is gone";
    case ChangeKind::resume: return "headroomctl resume, or mode: observe or enforce";
    case ChangeKind::policy: return "policy: headroom; the policy in force only watches";
    case ChangeKind::bar: return names.find(e.slot) ? how_to_lift(change.bar, *names.find(e.slot)) : "nothing: it is gone";
    case ChangeKind::wait: return wait(e, change);
    case ChangeKind::read_again: return "wait for the next readings of its limit and its use; if there are none: headroomctl doctor";
    case ChangeKind::limit:
      return fmt::format("give it a CPU limit, say {} cores (its use): without one nothing holds it back", cores(change.cores));
    case ChangeKind::credit: return earn(e, change);
    case ChangeKind::load: return load(e);
    case ChangeKind::demand: return fmt::format("nothing is missing: it would have to want more than its limit of {}", cores(e.limit));
    case ChangeKind::ceiling:
      return fmt::format("raise borrow.upTo of its class (or its CPU set): it needs {} cores at least", cores(change.cores));
    case ChangeKind::room: return room(e, change);
    case ChangeKind::guard: return "let the daemon start its guard, or use a kernel on which hidden leases work: headroomctl doctor";
    case ChangeKind::law: return law_change(e);
  }
  return {};
}

std::string_view to_string(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::none: return "none";
    case ChangeKind::resume: return "resume";
    case ChangeKind::policy: return "policy";
    case ChangeKind::bar: return "bar";
    case ChangeKind::wait: return "wait";
    case ChangeKind::read_again: return "read_again";
    case ChangeKind::limit: return "limit";
    case ChangeKind::credit: return "credit";
    case ChangeKind::load: return "load";
    case ChangeKind::demand: return "demand";
    case ChangeKind::ceiling: return "ceiling";
    case ChangeKind::room: return "room";
    case ChangeKind::guard: return "guard";
    case ChangeKind::law: return "law";
  }
  return "";
}

std::string_view to_string(Bound bound) {
  switch (bound) {
    case Bound::none: return "none";
    case Bound::use: return "use";
    case Bound::ceiling: return "ceiling";
    case Bound::lendable: return "lendable";
    case Bound::share: return "share";
    case Bound::node: return "node";
    case Bound::file: return "file";
  }
  return "";
}

}  // namespace headroom
