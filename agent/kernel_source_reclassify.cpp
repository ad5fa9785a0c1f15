// Other rules for the groups that are there: after a reload, and when a source has told who they are.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "agent/kernel_source_tree.hpp"

namespace headroom {

/// Descendants come after their ancestors in the map: from the end on, who is nobody's ancestor any more can go.
void GroupTree::release_unwatched() {
  std::unordered_set<Slot> parents;
  for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
    Directory& directory = it->second;
    if (directory.slot == kNoSlot) continue;
    const bool watched = directory.verdict.interest == Interest::watched || it->first.empty();
    if (watched || parents.contains(directory.slot)) parents.insert(catalog_.groups[directory.slot]->parent);
    else release(directory);
  }
}

void GroupTree::describe(Directory& directory) {
  if (directory.slot == kNoSlot) return;
  Group& group = *catalog_.groups[directory.slot];
  const Names& names = directory.verdict.names;
  group.rule = directory.verdict.rule;
  group.ns = names.ns;
  group.pod = names.pod;
  group.container = names.container;
  group.step = names.step;
  group.strategy = names.strategy;
  group.unheard = names.unheard;
  group.role = names.role;
  group.owners_limit = directory.verdict.identity.kind == GroupKind::pod ? names.owners_limit : std::nullopt;
  if (names.told) group.infrastructure = names.role == ContainerRole::infra || names.role == ContainerRole::infra_init;
}

std::vector<std::uint64_t> GroupTree::affected_by(ClassRules rules) const {
  Classifier next = classifier_;
  next.set_rules(std::move(rules));
  Catalog would_be;
  std::vector<std::uint64_t> out;
  for (const auto& [path, directory] : directories_) {
    if (directory.slot == kNoSlot) continue;
    const Group& group = *catalog_.groups[directory.slot];
    const Verdict then = next.classify(path, would_be), &now = directory.verdict;
    const bool same = then.interest == now.interest && then.names.role == now.names.role &&
                      same_grant(would_be.rules[then.rule], catalog_.rule_of(group));
    if (!same) out.push_back(group.id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void GroupTree::reclassify(ClassRules rules) {
  classifier_.set_rules(std::move(rules));
  catalog_.rules.assign(1, ClassRule{});
  for (auto& [path, directory] : directories_) {
    directory.verdict = classifier_.classify(path, catalog_);
    describe(directory);
  }
  release_unwatched();
  for (auto& [path, directory] : directories_) {
    if (directory.slot == kNoSlot && directory.verdict.interest == Interest::watched) enter(path, directory, TimePoint{});
  }
  ++catalog_.generation;
}

void GroupTree::set_owners_limit(Slot slot, std::uint64_t group_id, std::optional<FiniteLimit> limit) {
  if (slot >= catalog_.groups.size() || !catalog_.groups[slot] || catalog_.groups[slot]->id != group_id) return;
  if (std::exchange(catalog_.groups[slot]->owners_limit, limit) != limit) ++catalog_.generation;
}

void GroupTree::know(KnownWorld world, const std::unordered_set<std::string>& changed) {
  classifier_.set_world(std::move(world));
  if (changed.empty()) return;
  for (auto& [path, directory] : directories_) {
    const Identity& identity = directory.verdict.identity;
    const std::string& key = identity.pod_uid.empty() ? identity.container_id : identity.pod_uid;
    if (key.empty() || !changed.contains(key)) continue;
    directory.verdict = classifier_.classify(path, catalog_);
    describe(directory);
  }
  ++catalog_.generation;
}

}  // namespace headroom
