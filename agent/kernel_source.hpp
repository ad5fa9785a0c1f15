// The live edge on the reading side: cgroupfs, inotify and procfs -> Sample.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel_source_events.hpp"
#include "agent/kernel_source_judge.hpp"
#include "agent/kernel_source_tree.hpp"
#include "agent/told.hpp"
#include "cgroups/fs/node.hpp"
#include "engine/tick.hpp"

namespace headroom {

struct KernelSourceOptions {
  Hierarchy where;
  ClassRules rules;
  std::optional<Judge> judge;                    ///< nullopt: the best that there is
  std::optional<std::string> own;                ///< own_group(); nullopt: not in this tree
  TimePoint (*clock)() = nullptr;                ///< CLOCK_MONOTONIC
  std::string own_pod{};                         ///< UID of our own pod; empty: we are in none
};

/// One thread. Groups that came since the last observe are read whole, whether asked for or not; a group that went is
/// missing from the catalog and costs nothing.
class KernelSource final : public Source, public GroupAccess {
 public:
  /// Scans the tree. Errors: absent, denied, io: of the root or of inotify, never of a single group.
  static Result<std::unique_ptr<KernelSource>> create(KernelSourceOptions options);

  Sample observe(const ReadPlan& reads) override;
  const Catalog& catalog() const override { return tree_.catalog(); }

  GroupFiles* files(Slot slot) override { return tree_.files(slot); }
  std::optional<Bandwidth> last_bandwidth(Slot slot) const override;

  /// Group::id, sorted, of those that would fall under another rule: nothing of ours may be out in them at reclassify().
  std::vector<std::uint64_t> affected_by(ClassRules rules) const { return tree_.affected_by(std::move(rules)); }
  /// Other rules from the next observe on.
  void reclassify(ClassRules rules) { tree_.reclassify(std::move(rules)); }

  /// Between two ticks: who is who, from the next observe on.
  void know(KnownWorld world, const std::unordered_set<std::string>& changed) { tree_.know(std::move(world), changed); }
  std::vector<Identity> take_strangers() { return tree_.take_strangers(); }

  /// While systemd puts its units' own values back: what is written to them is nobody's new word.
  void reloading(bool active) { reloading_ = active; }

  /// What systemd has said that a unit's own limit is; until somebody writes to it again.
  void owner_says(Slot slot, std::uint64_t group_id, FiniteLimit limit) { tree_.set_owners_limit(slot, group_id, limit); }

  int event_fd() { return tree_.watcher().fd(); }        ///< readable: somebody wrote, or a group came or went
  /// Right after an apply: takes what is queued, so that event_fd() is not readable because of our own writes.
  /// @return whether somebody else is among it: then the next observe should not wait. Nothing is lost: observe gets it.
  bool heard_of_others();
  Judge judge() const { return wait_.judge(); }
  OwnWrites& own_writes() { return own_; }               ///< for the sink
  const Hierarchy& where() const { return tree_.where(); }

 private:
  KernelSource(KernelSourceOptions options, Watcher watcher);

  void drain(Sample& sample);
  bool is_ours(const WatchEvent& event) const;
  void take_events(Sample& sample);
  void take_event(const WatchEvent& event, Sample& sample);
  void take_overflow(Sample& sample);
  void judge_file(const FileBatch& batch, Sample& sample);
  void want(Slot slot, std::uint8_t bits);
  void read_wanted(Sample& sample);
  enum class Got { all, not_all, group_is_gone };
  Got read_group(Slot slot, std::uint8_t bits, Sample& sample);
  void learn(const Reading& reading);
  void settle_role(const Reading& reading);
  void read_node(const ReadPlan& reads, Sample& sample);
  void fault(Sample& sample, const Error& error);

  /// What is remembered of a slot between readings, for the sandbox heuristic and for refills.
  struct Last {
    std::uint64_t id = 0;
    std::optional<nanoseconds> usage;
    std::optional<Bandwidth> bandwidth;
    std::optional<Shares> shares;
  };
  Last& last(Slot slot, std::uint64_t id);

  TimePoint (*clock_)();
  GroupTree tree_;
  EventFold fold_;
  WaitReader wait_;
  NodeFiles node_;
  OwnWrites own_;
  std::vector<WatchEvent> queued_;         ///< taken by heard_of_others(), not yet judged
  std::vector<std::uint8_t> wanted_;       ///< by slot
  std::vector<Slot> order_;                ///< slots with a bit in wanted_
  std::vector<Last> last_;
  bool reloading_ = false;
  Told told_;                              ///< faults that were reported already
};

}  // namespace headroom
