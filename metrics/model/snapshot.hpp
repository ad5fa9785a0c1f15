// What is known after a tick: the pure half's only view of the node.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cgroups/types/catalog.hpp"
#include "cgroups/types/sample.hpp"

namespace headroom {

/// Which signal tells a neighbour's waiting, best first (KERNEL 16).
enum class Judge { pressure, wait_sum, run_delay, none };
enum class LoadState { idle, normal, cooling, overload, unknown };

/// Owner of the values in force, learned from readings, our outcomes and foreign events (KERNEL 17, 19).
struct Ownership {
  std::optional<Bandwidth> base;      ///< the owner's bandwidth; certain once two readings >= 5 ms apart agreed
  std::optional<Shares> base_shares;
  std::optional<Bandwidth> in_force;  ///< what the files hold as far as we know
  std::optional<Shares> shares_in_force;
  bool certain = false;               ///< base is certain (for a container: and finite once it ever was)
  TimePoint certain_since;
  TimePoint hands_off_until;          ///< nothing may be written before
  TimePoint no_lease_until;           ///< ended from outside: none for 1 s
  TimePoint no_burst_until;           ///< somebody's decrease was refused: no kernel burst for 10 min
  std::optional<FiniteLimit> put_right;    ///< of a pod or a unit: what its owner asked for in vain, because of us; nothing is lent before
  std::optional<microseconds> least;       ///< of a pod: its largest container's base, where that is above the pod's own
  bool drop = false;                  ///< somebody wrote this tick in this pod: everything of ours in it goes now
  bool overtaken = false;             ///< ours overtook somebody's write: back to base, reported
  std::uint32_t foreign_writes = 0;   ///< in all
};

/// One group as known now. Rates are means over the stretch named; a group not read long enough has 0. What tells that a
/// group is at rest is one line of cache.
struct alignas(64) GroupState {
  std::uint64_t id = 0;              ///< Group::id; 0: free slot
  TimePoint read_at;                 ///< of the last usage reading
  MilliCpu rate;                     ///< over the last >= 3 scheduler ticks (12 ms), <= 60 ms
  MilliCpu use_100ms;                ///< over the last 100..200 ms
  MilliCpu use_1s;
  MilliCpu p90_10s;                  ///< 90th percentile of its 100 ms means of the last 10 s
  bool throttling = false;           ///< seen throttled by its own or a pod's quota within the last period
  bool counted = false;              ///< its use counts in sums: a container or plain group with none such below it
  nanoseconds usage{0};              ///< cumulative
  TimePoint still_since;             ///< first reading of that value: later ones found it standing still
  nanoseconds used_in_period{0};     ///< CPU used since the estimated begin of the present bandwidth period
  nanoseconds period_left{0};        ///< estimated rest of the present period; whole period where unknown
  ThrottleCounters throttle;
  TimePoint throttled_at;            ///< last time it was seen throttled (own level); epoch: never
  TimePoint throttled_since;         ///< begin of the present or last stretch of throttling: no gap of over a minute
  ThrottleCounters throttle_before;  ///< counters when that stretch began
  std::optional<bool> populated;
  TimePoint first_use;               ///< first reading with any use; epoch: none yet
  Ownership own;
  // Harm to a protected neighbour (POLICY, rank 1).
  nanoseconds harm_100ms{0};         ///< h of the last whole 100 ms window
  TimePoint harm_window_end;
  nanoseconds harm_minute{0};        ///< sum of h over the last 60 s; below 0: it waited less than it would have without leases
  nanoseconds harm_total{0};         ///< the same since the daemon began
  std::uint32_t judged_windows = 0;  ///< windows without leases in its baseline; b is 0 below 100
  MilliCpu expected;                 ///< what it is expected to want up to its limit (lendable.hpp); 0 unless counted
};

/// Reading it without finding that it moved would change nothing that is kept of its use.
inline bool at_rest(const GroupState& g) {
  return (g.rate.value | g.use_100ms.value | g.use_1s.value | g.p90_10s.value) == 0 && !g.throttling;
}

struct NodeView {
  int cpus = 1;
  TimePoint at;
  nanoseconds usage{0};              ///< cumulative, of every task; the last one read
  MilliCpu use_now;                  ///< over the last >= 30 ms, without steal
  MilliCpu protected_use;            ///< of LSE, LSR, LS, SYSTEM, control groups
  std::array<MilliCpu, 7> class_use{};  ///< by QosClass, containers and plain groups, over 1 s
  std::vector<MilliCpu> cpu_busy;    ///< per CPU over 100 ms, what is not idle of /proc/stat; empty: not read
  MilliCpu steal;                    ///< over 10 s, of the whole node;
  bool stolen = false;               ///< more than node.steal: nothing is lent
  std::optional<double> pressure;    ///< 0..1
  LoadState state = LoadState::unknown;
  MilliCpu target;                   ///< CPUs x target (95 % with a judge, 75 % without; or configured)
  Judge judge = Judge::none;
  nanoseconds worst_lateness_1s{0};
  std::uint32_t failed_ticks = 0;    ///< in a row
  bool blind = false;                ///< too many of them: what is known of the node is old
  bool hold_when_blind = false;      ///< then what is out is left as it is, and not put back (node.onBlind)
  nanoseconds contract_budget{0};    ///< harm that the contract allows a neighbour per window (contract.addedWait x per)
  seconds contract_window{60};       ///< contract.per
  std::uint64_t contract_seconds = 0, breach_seconds = 0;
  std::optional<MilliCpu> expected;  ///< sum of GroupState::expected; nullopt: lendable() adds it up itself
};

/// Whether what is out is left as it is, because nothing can be known of it.
inline bool is_held(const NodeView& node) { return node.blind && node.hold_when_blind; }

/// A view, not a copy: valid until the next advance(). groups.size() == catalog.groups.size().
struct Snapshot {
  TimePoint at;
  const Catalog& catalog;
  std::span<const GroupState> groups;
  const NodeView& node;
  std::span<const Slot> fresh;       ///< slots with a usage reading in this tick; of pods only those that are not at rest
  std::span<const Slot> touched;     ///< slots with an event, an outcome or a settings reading in this tick
};

}  // namespace headroom
