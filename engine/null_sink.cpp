#include "engine/tick.hpp"

namespace headroom {
namespace {

std::uint64_t id_of(const Catalog& catalog, Slot slot) {
  const Group* g = catalog.find(slot);
  return g ? g->id : 0;
}

Outcome success(const Catalog& catalog, Slot slot, WriteKind kind, const Setting& to, const Reason& why) {
  Outcome o;
  o.slot = slot;
  o.group_id = id_of(catalog, slot);
  o.kind = kind;
  o.to = to;
  o.why = why;
  return o;
}

}  // namespace

std::vector<Outcome> NullSink::apply(const Plan& plan, const Catalog& catalog) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(plan.writes.size() + plan.refills.size());
  for (const Write& w : plan.writes) outcomes.push_back(success(catalog, w.slot, WriteKind::settings, w.to, w.why));
  for (const Refill& r : plan.refills)
    outcomes.push_back(success(catalog, r.slot, WriteKind::refill, Bandwidth{}, r.why));
  return outcomes;
}

}  // namespace headroom
