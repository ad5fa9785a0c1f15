// Other rules for the groups that are there: after a reload.
#include <unordered_set>

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

void GroupTree::reclassify(std::vector<ClassConfig> classes, TimePoint now) {
  classifier_.set_classes(std::move(classes));
  catalog_.rules.assign(1, ClassRule{});
  for (auto& [path, directory] : directories_) {
    directory.verdict = classifier_.classify(path, catalog_);
    if (directory.slot != kNoSlot) catalog_.groups[directory.slot]->rule = directory.verdict.rule;
  }
  release_unwatched();
  for (auto& [path, directory] : directories_) {
    if (directory.slot == kNoSlot && directory.verdict.interest == Interest::watched) enter(path, directory, now);
  }
  ++catalog_.generation;
}

}  // namespace headroom
