// Whose use counts in sums over the tree, so that nothing counts twice.
#include "metrics/model/state.hpp"

namespace headroom::model {
namespace {

/// A group whose use is told apart by its own name: a container, or a plain group that a rule names.
bool named(const Group& group) {
  switch (group.identity.kind) {
    case GroupKind::container:
      return true;
    case GroupKind::scope:
    case GroupKind::slice:
    case GroupKind::helper:
    case GroupKind::other:
      return group.rule != 0;
    case GroupKind::inner:
    case GroupKind::pod:
    case GroupKind::qos:
    case GroupKind::sandbox_stub:
      return false;
  }
  return false;
}

bool plain(const Group& group) {
  switch (group.identity.kind) {
    case GroupKind::scope:
    case GroupKind::slice:
    case GroupKind::helper:
    case GroupKind::other:
      return group.parent != kNoSlot;
    case GroupKind::container:
    case GroupKind::inner:
    case GroupKind::pod:
    case GroupKind::qos:
    case GroupKind::sandbox_stub:
      return false;
  }
  return false;
}

}  // namespace

std::vector<char> counted_groups(const Catalog& catalog) {
  const std::size_t n = catalog.groups.size();
  std::vector<char> parent_of_any(n, 0), above_named(n, 0), counted(n, 0);
  for (const auto& group : catalog.groups) {
    if (!group) continue;
    if (group->parent < n) parent_of_any[group->parent] = 1;
    if (!named(*group)) continue;
    for (Slot up = group->parent; catalog.find(up) && !above_named[up]; up = catalog.groups[up]->parent)
      above_named[up] = 1;
  }
  for (Slot s = 0; s < n; ++s) {
    const Group* group = catalog.find(s);
    if (!group) continue;
    if (named(*group)) {
      counted[s] = above_named[s] == 0;
      continue;
    }
    if (!plain(*group) || parent_of_any[s] != 0) continue;
    bool below_named = false;
    for (Slot up = group->parent; catalog.find(up) && !below_named; up = catalog.groups[up]->parent)
      below_named = named(*catalog.groups[up]);
    counted[s] = !below_named;
  }
  return counted;
}

}  // namespace headroom::model
