// What a policy is: parameters, a state, and one pure decision per tick.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/types/archive.hpp"
#include "metrics/model/snapshot.hpp"
#include "policies/terms.hpp"

namespace headroom {

enum class LeaseKind { burst, start };
enum class Actuator { file, hidden };

/// What a policy wants. A group absent from all three lists is left alone, except that a hidden lease lasts only
/// while it is asked for at every tick. Going back to the original is an explicit want (cores 0, burst 0, eighths 8).
struct LeaseWant {
  Slot slot = kNoSlot;         ///< a container (the planner adds its pod)
  MilliCpu cores;              ///< in all, own limit included; 0: end the lease, back to base
  Visibility visibility = Visibility::automatic;  ///< automatic: hidden while kind is start, file after that
  LeaseKind kind = LeaseKind::burst;
  Reason why;
};
struct BurstWant {             ///< kernel burst on the container and, as a sum, on its pod
  Slot slot = kNoSlot;
  microseconds burst{0};       ///< the guardrail caps it at half of the base quota
  Reason why;
};
struct WeightWant {
  Slot slot = kNoSlot;         ///< the level at which the neighbour competes
  int eighths = 8;             ///< 1..8 of its own base weight
  Reason why;
};
/// Exact values, as another agent's law says them: no lease, no ceiling of a class, no lendable amount, no deadband. The
/// planner keeps them legal (KERNEL 3-6), at least 1 ms and at most the node's CPUs, absolute on the pod, and puts them back.
/// They stand until the next want of the slot.
struct QuotaWant {
  Slot slot = kNoSlot;                 ///< a container with a finite base
  std::optional<microseconds> quota;   ///< in the period that its file has; nullopt: its owner's
  std::optional<microseconds> burst;   ///< at most the quota; nullopt: its owner's
  Reason why;
};
struct Desired {
  std::vector<LeaseWant> leases;
  std::vector<BurstWant> bursts;
  std::vector<WeightWant> weights;
  std::vector<QuotaWant> quotas;
  MilliCpu lendable;           ///< before leases, for the report
  void clear() { leases.clear(); bursts.clear(); weights.clear(); quotas.clear(); lendable = {}; }
};

/// A lease that is out, as policy and report see it.
struct Lease {
  Slot slot = kNoSlot;
  std::uint64_t group_id = 0;
  LeaseKind kind = LeaseKind::burst;
  Visibility visibility = Visibility::automatic;
  TimePoint since, expires;
  MilliCpu cores;              ///< in all
  Reason why;                  ///< of the last change
};

/// One parameter, documented by the program (`headroomctl config explain tuning`). range is "0..100" or, where the unit
/// is "word", the words that it may be: "none, auto".
struct ParamDoc {
  std::string_view name, unit, range, fallback, meaning;
};
/// Empty: it is a number.
std::vector<std::string_view> words_of(const ParamDoc& doc);
/// What a value has to be, for people: "0..10000 ms", "one of none, auto".
std::string wanted(const ParamDoc& doc);

/// The `tuning` map as parse() sees it, free of any YAML library. place is "headroom.yaml:15:20: tuning.name".
struct Node {
  struct Value { std::string text; std::string place; };
  std::map<std::string, Value, std::less<>> values;
};
using Faults = std::vector<Error>;

/// A policy with its parameters and its state, type-erased. Made by the registry from a struct P that supplies
///   static constexpr std::string_view kName;  struct Params;  struct State;
///   static Params parse(const Node&, Faults&);
///   static std::span<const ParamDoc> docs();
///   static void decide(const Snapshot&, const Params&, State&, Desired&);
///   static Reason explain(const Snapshot&, const Params&, const State&, Slot);   // why it is treated as it is
///   static Terms terms(const Snapshot&, const Params&, const State&, Slot);      // what that is made of
///   void fields(Archive&, Params&), void fields(Archive&, State&)                // archive.hpp: as bytes and back
/// and, where it has them:
///   static std::span<const Lease> leases(const State&);
///   static std::vector<Credit> credits(const State&); static void restore(State&, span<const Credit>);   // both or none
///   static nanoseconds rhythm(const Params&);    // of its own
class Policy {
 public:
  /// Credit account by pod or workflow, so that it survives a restart.
  struct Credit { std::string key; nanoseconds left{0}; };

  virtual ~Policy() = default;
  virtual std::string_view name() const = 0;
  virtual void decide(const Snapshot&, Desired&) = 0;
  virtual Reason explain(const Snapshot&, Slot) const = 0;
  /// After decide() of the same snapshot.
  virtual Terms terms(const Snapshot&, Slot) const = 0;
  /// Parameters and state, for the journal. load: false: the bytes are not such a state.
  virtual void save(ByteWriter&) const = 0;
  virtual bool load(ByteReader&) = 0;
  virtual std::span<const Lease> leases() const = 0;
  virtual std::vector<Credit> credits() const = 0;
  virtual void restore(std::span<const Credit>) = 0;
  /// Every container's usage and throttling is read so often, and nothing oftener; 0: on the three clocks of the schedule.
  virtual nanoseconds rhythm() const = 0;
};

/// production: for every node. lab: to be compared with, on scratch groups and in simulation.
enum class PolicyUse { production, lab };

/// @return nullptr and a fault if there is no policy of that name, or its parameters are wrong.
std::unique_ptr<Policy> make_policy(std::string_view name, const Node& tuning, Faults& faults);
std::vector<std::string_view> policy_names(PolicyUse use);
std::span<const ParamDoc> policy_docs(std::string_view name);

}  // namespace headroom
