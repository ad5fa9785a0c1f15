// SimNode: a simulated node behind the engine's two edges. What the daemon would read it reads here, and what it would
// write takes effect here, or is refused as the kernel refuses it.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/tick.hpp"
#include "lab/sim/files.hpp"
#include "lab/sim/loads.hpp"

namespace headroom::lab::sim {

/// A group to be made, as the daemon would see it.
struct NodeGroup {
  std::string path;                  ///< below the root, "pods/a"; its parent has to be there
  Identity identity;
  ClassRule rule;
  bool infrastructure = false;       ///< Group::infrastructure
};

/// What somebody else writes into a file.
struct ForeignWrite {
  Slot slot = kNoSlot;
  File file = File::quota;
  std::string text;
  bool reload = false;   ///< systemd's, while it puts its units' own values back
};

/// What was written and what it cost, since the beginning. Plain model of the cost: 1 us a read, 1 us a write.
struct NodeCounters {
  std::uint64_t refilling_writes = 0, all_writes = 0;
  nanoseconds cost{0};
};

class SimNode final : public Source, public Sink {
 public:
  explicit SimNode(const Machine& machine);

  Kernel& kernel() { return kernel_; }
  Loads& loads() { return loads_; }
  ThrottleCounters throttle(Slot slot) const { return kernel_.throttle(slot); }
  Bandwidth bandwidth(Slot slot) const { return kernel_.bandwidth(slot); }
  nanoseconds waited(Slot slot) const { return kernel_.waited(slot); }
  const std::vector<Worked>& log(Loads::Id load) const { return loads_.log(load); }
  TimePoint now() const { return point(kernel_.now()); }

  /// A slot is the group's id in the kernel. The daemon gets to know of it at its next observe.
  /// Errors: gone (no such parent), rejected (there is one of that path).
  Result<Slot> add(const NodeGroup& group);
  void remove(Slot slot);
  Slot find(const std::string& path) const;   ///< kNoSlot: no such group

  /// What a source tells of a pod's spec or a unit's properties, from now on.
  void tell_limit(Slot slot, std::optional<FiniteLimit> limit);

  /// Somebody else's write, now. Errors: as write_file(); it is told as `refused` then.
  Result<> foreign_write(const ForeignWrite& write);
  /// Done when simulated time gets there. What makes, removes or writes a group wakes a daemon that sleeps.
  void at(TimePoint when, std::function<void()> action);
  /// From now on every tick begins so late.
  void set_lateness(nanoseconds lateness) { lateness_ = lateness; }

  /// From now on every observe costs so much CPU time, of a thread at nice -10 as the daemon's. Its wake-ups bring what its
  /// CPU has counted up to date, as the kernel's do.
  void run_daemon(nanoseconds each_tick);

  /// Without a daemon.
  void pass_until(TimePoint until);
  /// Until then, or until something has happened of which no observe has told yet. @return whether it has
  enum class Heard { nothing, something };
  Heard wait_until(TimePoint until);

  /// Lets time pass until reads.wake, or until something has happened; then answers what is asked, and everything of
  /// groups that are new.
  Sample observe(const ReadPlan& reads) override;
  const Catalog& catalog() const override { return catalog_; }
  /// In order; writes of a unit succeed together or are undone in reverse, but for those that gave a file its owner's value.
  std::vector<Outcome> apply(const Plan& plan, const Catalog& catalog) override;

  const NodeCounters& counters() const { return counters_; }

 private:
  struct Action {
    Ns at = 0;
    std::function<void()> run;
  };
  /// A file that holds something of ours.
  struct Row {
    std::string original, ours;
  };
  struct Done {
    std::size_t outcome = 0;
    std::uint32_t unit = 0;
    Slot slot = kNoSlot;
    std::vector<FileStep> steps;
    bool homeward = false;
  };

  enum class Until { the_end, something_happens };
  void pass(Ns until, Until what);
  bool run_due_action();
  std::uint32_t rule_of(const ClassRule& rule);
  void want(Slot slot, std::uint8_t bits);
  void read_group(Slot slot, std::uint8_t bits, Sample& sample);
  void read_node(const ReadPlan& reads, Sample& sample);
  double node_pressure();

  Outcome begin_outcome(Slot slot, WriteKind kind, const Setting& to, const Reason& why) const;
  Outcome write(const Write& write, std::size_t index, std::vector<Done>& done, const std::vector<std::uint32_t>& failed);
  Outcome refill(const Refill& refill);
  bool homeward(Slot slot, const std::vector<FileStep>& steps);
  Result<> take_steps(Slot slot, const std::vector<FileStep>& steps, bool all_the_same);
  Result<> put(Slot slot, const FileStep& step);
  bool take_back(Slot slot, const std::vector<FileStep>& steps);
  void undo_unit(std::uint32_t unit, const Error& why, std::vector<Done>& done, std::vector<Outcome>& outcomes);
  std::optional<Row>& row(Slot slot, File file);
  void count_write(File file);

  Loads loads_;
  Kernel kernel_;
  Catalog catalog_;
  std::unordered_map<std::string, Slot> by_path_;
  std::vector<Action> actions_;            ///< the next one last; of one moment, the one asked for first
  std::vector<FileEvent> events_;
  bool happened_ = false;
  bool observed_ = false;                  ///< what was there before the first look has not just begun
  nanoseconds lateness_{0}, each_tick_{0};
  ThreadId daemon_ = 0;
  std::vector<Slot> new_;
  std::vector<std::uint8_t> wanted_;       ///< by slot
  std::vector<Slot> order_;
  std::vector<std::array<std::optional<Row>, 4>> rows_;
  NodeCounters counters_;
  Ns pressed_at_ = 0, pressed_ = 0;        ///< of the node's pressure
  double pressure_ = 0;
};

}  // namespace headroom::lab::sim
