// What the tree says about each slot, and the begin and end of a slot's life. Runs only when the catalog changed.
#include "metrics/model/state.hpp"

namespace headroom::model {
namespace {

void reset_slot(ModelState::Impl& m, Slot slot, std::uint64_t id) {
  m.groups[slot] = GroupState{};
  m.groups[slot].id = id;
  auto ring = std::move(m.rates[slot].ring);  // memory is kept for the next life
  auto means = std::move(m.rates[slot].means);
  m.rates[slot] = RateMemory{};
  if (ring) *ring = Ring{};
  if (means) *means = Means{};
  m.rates[slot].ring = std::move(ring);
  m.rates[slot].means = std::move(means);
  m.own[slot] = OwnMemory{};
  m.harm[slot].reset();
  for (auto* list : {&m.leased, &m.harmed, &m.throttling, &m.unanswered}) std::erase(*list, slot);
}

Place place_of(const Catalog& catalog, const Group& group) {
  const ClassRule& rule = catalog.rule_of(group);
  Place place;
  place.parent = group.parent;
  place.qos = rule.qos;
  place.pod_kind = group.identity.kind == GroupKind::pod;
  place.container_kind = group.identity.kind == GroupKind::container;
  place.infra = group.infrastructure;
  place.protect = is_protected(rule.qos) && !group.infrastructure;
  place.borrows = rule.borrow.has_value() && !group.infrastructure;
  place.owners_limit = group.owners_limit;
  place.confined = group.cpus.any() && group.cpus.count() < static_cast<std::size_t>(catalog.cpus);
  return place;
}

void link_children(ModelState::Impl& m) {
  for (Slot s = static_cast<Slot>(m.places.size()); s-- > 0;) {
    const Slot parent = m.places[s].parent;
    if (m.groups[s].id == 0 || parent >= m.places.size()) continue;
    m.places[s].next_sibling = m.places[parent].first_child;
    m.places[parent].first_child = s;
  }
  for (Slot s = 0; s < m.places.size(); ++s)
    for (Slot up = s; up < m.places.size() && m.groups[up].id != 0; up = m.places[up].parent)
      if (m.places[up].pod_kind) {
        m.places[s].pod = up;
        break;
      }
}

}  // namespace

void index_catalog(ModelState::Impl& m, const Catalog& catalog) {
  if (m.indexed && m.generation == catalog.generation && m.groups.size() == catalog.groups.size()) return;
  const std::size_t n = catalog.groups.size();
  m.groups.resize(n);
  m.rates.resize(n);
  m.own.resize(n);
  m.harm.resize(n);
  m.touched_mark.resize(n, 0);
  m.places.assign(n, Place{});
  m.counted.clear();
  m.borrowers.clear();
  const std::vector<char> counted = counted_groups(catalog);
  m.node.expected = MilliCpu{};
  for (Slot s = 0; s < n; ++s) {
    const Group* group = catalog.find(s);
    const std::uint64_t id = group ? group->id : 0;
    if (m.groups[s].id != id) reset_slot(m, s, id);
    if (group) m.places[s] = place_of(catalog, *group);
    m.groups[s].counted = m.places[s].counted = counted[s] != 0;
    m.groups[s].expected = MilliCpu{};
    if (counted[s] != 0) m.counted.push_back(s);
    if (counted[s] != 0 && m.places[s].borrows) m.borrowers.push_back(s);
  }
  link_children(m);
  for (Slot s = 0; s < n; ++s)
    if (m.places[s].owners_limit) compare_with_spec(m, s);
  for (Slot s = 0; s < n; ++s)
    if (m.groups[s].own.least) note_least(m, s);
  for (const Slot s : m.counted) update_expected(m, catalog, s);
  m.node.cpus = catalog.cpus;
  m.generation = catalog.generation;
  m.indexed = true;
}

}  // namespace headroom::model
