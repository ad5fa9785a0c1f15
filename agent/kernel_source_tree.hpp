// The tree of groups as it lives: discovery by inotify and by walking, and the catalog that comes of it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "agent/classifier.hpp"
#include "agent/kernel_source_own.hpp"

namespace headroom {

/// Group::infrastructure, as it is told from what the files say.
enum class Role { workload, infrastructure };

class GroupTree final {
 public:
  GroupTree(Hierarchy where, Classifier classifier, Watcher watcher);

  const Catalog& catalog() const { return catalog_; }
  Catalog& catalog() { return catalog_; }
  Watcher& watcher() { return watcher_; }
  const Hierarchy& where() const { return where_; }

  /// nullptr: free slot.
  GroupFiles* files(Slot slot);
  /// Into the cache, what a reading of it needs.
  void fetch(Slot slot) const { if (slot < files_.size() && files_[slot]) files_[slot]->fetch(); }
  /// Slots that came since the last call: nothing of them has been read yet.
  std::vector<Slot> take_new();

  /// Slots that went since the last call; some may be in use again.
  std::vector<Slot> take_gone();

  Slot find(const std::string& path) const;     ///< kNoSlot: not in the catalog
  void created(const std::string& path, TimePoint now);
  void removed(const std::string& path);        ///< checks that it is really gone: the event may be older than a rescan
  void drop(Slot slot);                         ///< a kept fd said `gone`

  /// Walks everything at once: at the start and after an overflow.
  Result<> scan_all(TimePoint now);
  /// Lines up a walk that scan_some() does in pieces, so that no tick pays for all of it.
  void begin_rescan();
  void scan_some(std::size_t directories, TimePoint now);
  bool rescanning() const { return !to_scan_.empty(); }
  /// Tries again, at most once a second, what could not be opened, watched or listed.
  void mend(TimePoint now);

  std::vector<std::uint64_t> affected_by(ClassRules rules) const;
  /// Every group gets its rule anew; one that no rule watches any more leaves the catalog. Nothing of ours is out in those that
  /// affected_by() names.
  void reclassify(ClassRules rules);
  /// What sources tell now; groups of the changed pods (by UID) and Docker containers (by ID) get names and rules anew.
  void know(KnownWorld world, const std::unordered_set<std::string>& changed);
  /// Group::owners_limit of a group that is no pod's.
  void set_owners_limit(Slot slot, std::uint64_t group_id, std::optional<FiniteLimit> limit);
  /// Containers that came since the last call and that no source has told of yet: pod UID and container ID.
  std::vector<Identity> take_strangers();

  /// Reads the group's CPU set again; true if it changed.
  bool refresh_cpus(Slot slot);
  /// What its files look like; a group that a source knows is what the source says.
  void set_role(Slot slot, Role role);

  std::vector<Error> take_faults();

 private:
  struct Directory {
    std::uint64_t inode = 0;
    Slot slot = kNoSlot;
    Verdict verdict;
  };
  using Directories = std::map<std::string, Directory>;

  void add(const std::string& path, TimePoint now);
  void forget_below(const std::string& path);
  void release(Directory& directory);
  void release_unwatched();
  void describe(Directory& directory);
  void scan_directory(const std::string& path, TimePoint now);
  void watch(const std::string& path);
  /// What is gone is no fault; it is looked at a few times more.
  void trouble(const std::string& path, const Error& error);
  void mend_one(const std::string& path, TimePoint now);
  Slot enter(const std::string& path, Directory& directory, TimePoint now);
  Slot parent_slot(const std::string& path, TimePoint now);
  Slot free_slot();

  Hierarchy where_;
  std::shared_ptr<const Hierarchy> shared_where_;   ///< the same, for the groups' files
  Classifier classifier_;
  Watcher watcher_;
  Catalog catalog_;
  Directories directories_;
  std::vector<std::optional<GroupFiles>> files_;
  std::vector<Slot> free_, new_, gone_;
  std::vector<Identity> strangers_;
  std::deque<std::string> to_scan_;
  std::vector<Error> faults_;
  std::set<std::string> troubled_;   ///< paths for mend()
  std::map<std::string, int> missed_;   ///< of those: how often they were gone
  TimePoint mended_;
  std::uint64_t next_id_ = 1;
};

}  // namespace headroom
