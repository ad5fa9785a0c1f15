// What the model remembers beside what it shows: histories by slot, in dense vectors. Private to metrics/model.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "metrics/model/advance.hpp"

namespace headroom::model {

using std::chrono::minutes;
constexpr Slot kNone = kNoSlot;

/// (time, cumulative CPU) pairs at least two scheduler ticks apart, newest last; spans >= 120 ms when full.
struct Ring {
  struct Point {
    TimePoint at;
    nanoseconds usage{0};
  };
  static constexpr std::size_t kSize = 16;
  std::array<Point, kSize> points{};
  std::uint8_t count = 0, head = 0;  ///< head: where the next one goes

  const Point& back(std::size_t i) const { return points[(head + 2 * kSize - 1 - i) % kSize]; }  ///< 0: newest
  void push(Point p, nanoseconds spacing);
  /// Cumulative CPU at `at`, interpolated; the oldest known before that.
  nanoseconds usage_at(TimePoint at) const;
};

/// Means of 100 ms windows of the last 10 s, in a code of 16 bits: exact below 33 cores, then in steps of 64 mCPU.
struct Means {
  static constexpr std::size_t kSize = 100;
  std::array<std::uint16_t, kSize> codes{};
  std::uint8_t count = 0, head = 0;
};

/// Bounds on one period boundary; the others lie whole periods away. A period timer keeps its phase over idle
/// stretches and over writes of the same period (hrtimer_forward_now in start_cfs_bandwidth).
struct Phase {
  bool known = false;
  TimePoint low, high;  ///< low < boundary <= high
  nanoseconds period{0};
};

/// Per slot: what the rates are made of.
struct RateMemory {
  Ring::Point last;  ///< last reading
  bool has_last = false, has_before = false;
  std::unique_ptr<Ring> ring;  ///< kept for the slot's next life
  std::unique_ptr<Means> means;
  Ring::Point window, window_before;  ///< begins of the present 100 ms window and the one before
  TimePoint still_from, still_until;  ///< first and last reading of the value before the present one
  TimePoint throttle_read_at;
  bool has_throttle = false;
  Phase phase;
  TimePoint period_begin;  ///< of the period that usage_at_begin belongs to
  nanoseconds usage_at_begin{0}, used_last_period{0};
};

/// Per slot: what ownership is learned from.
struct OwnMemory {
  TimePoint candidate_at, shares_candidate_at;
  std::optional<Shares> shares_candidate;
  bool agreed = false;   ///< two agreeing bandwidth readings >= 5 ms apart
  bool changed = false;  ///< an event said so of the bandwidth, and no reading has told the value yet
  /// As `changed`, by file: what is read next is its owner's value, also where it is the one that we wrote.
  bool said_quota = false, said_burst = false, said_shares = false;
  bool reload = false;   ///< systemd said it while it reloaded: it repeats itself, which counts for nothing; until the next reading
  TimePoint strike_at;   ///< first of the last burst of foreign writes
  bool struck = false;
  TimePoint refused_at;  ///< last refusal of the same value
  bool refused = false;
  TimePoint leased_at;  ///< last tick at which a lease of ours was out
  bool leased = false;  ///< in Impl::leased
  TimePoint refilled_at;
  // Of a pod: what its owner may have been refused because of us.
  bool spec_agreed = false;   ///< its limit was once what its spec asks for: the spec is told as it is meant here
  TimePoint wrote_at;         ///< our last write to its limit
  TimePoint unanswered_at;    ///< of the last write refused; counts while the slot is in Impl::unanswered
};

/// Per protected slot: waiting and its baseline.
struct HarmMemory {
  bool has_window = false;
  TimePoint window_at;
  nanoseconds wait{0}, usage{0};
  /// A window without leases. There are 128 of them for every neighbour: they are kept small.
  struct Judged {
    std::uint32_t at = 0;              ///< in tenths of a second
    std::uint32_t wait_us = 0, cpu_us = 0;
    std::int32_t beside_milli = 0;     ///< that ran on the node beside it
  };
  static constexpr std::size_t kJudged = 128;
  std::array<Judged, kJudged> judged{};
  std::uint32_t judged_count = 0, judged_head = 0;
  std::int64_t baseline_permille = 0;  ///< b: their wait by their CPU time
  nanoseconds taken{0};  ///< most that borrowers took in a window, fading
  static constexpr std::size_t kBuckets = 60;
  std::array<nanoseconds, kBuckets> buckets{};  ///< harm by sixtieth of the contract window
  std::int64_t bucket = 0;                      ///< number of the newest
  bool listed = false;                          ///< in Impl::harmed
};

/// Per slot, from the catalog; rebuilt when its generation changes.
struct Place {
  Slot parent = kNone, first_child = kNone, next_sibling = kNone, pod = kNone;
  QosClass qos = QosClass::ls;
  bool pod_kind = false, container_kind = false, protect = false, borrows = false, infra = false, counted = false;
  bool confined = false;  ///< to fewer CPUs than the node has
  std::optional<FiniteLimit> owners_limit;  ///< as in Group
};

struct NodeMemory {
  Ring usage;
  Ring::Point window, window_before;
  bool has_window = false, has_before = false, read = false;
  MilliCpu use_100ms;
  std::vector<CpuTimes> cpus;  ///< at the begin of the present window
  TimePoint cpus_at;
  struct Steal {
    TimePoint at;
    nanoseconds total{0};
  };
  std::array<Steal, 11> steal{};  ///< one a second
  std::size_t steal_count = 0;
  TimePoint sums_at;
  bool summed = false;
  LoadState decided = LoadState::normal;
  std::optional<TimePoint> above, below, calm, awake, cooling;
  std::array<nanoseconds, 11> lateness{};
  std::int64_t lateness_bucket = 0;
};

}  // namespace headroom::model

namespace headroom {

struct ModelState::Impl {
  std::vector<GroupState> groups;
  std::vector<model::RateMemory> rates;
  std::vector<model::OwnMemory> own;
  std::vector<std::unique_ptr<model::HarmMemory>> harm;
  std::vector<model::Place> places;
  std::vector<Slot> counted;    ///< slots whose use counts
  std::vector<Slot> borrowers;  ///< slots that may borrow
  std::uint64_t generation = 0;
  bool indexed = false;

  NodeView node;
  model::NodeMemory memory;

  std::vector<Slot> fresh, touched, flagged, throttling, leased, harmed, unanswered;
  std::vector<std::uint64_t> touched_mark;
  std::uint64_t tick = 0;

  TimePoint last_lease_at;  ///< last tick at which anything of ours was out, or somebody above his limit by us
  bool ever_leased = false;
  struct Over {
    Slot slot;
    MilliCpu use;
  };
  std::vector<Over> over;  ///< borrowers above their limits by our doing
  TimePoint over_at;
  bool over_known = false;
  std::int64_t harm_bucket = 0;
  TimePoint minute_began;
  bool minute_known = false, minute_judged = false, minute_breached = false;

  void touch(Slot slot);
};

namespace model {

// index.cpp
void index_catalog(ModelState::Impl& m, const Catalog& catalog);
// rates.cpp
void take_usage(ModelState::Impl& m, const ModelParams& params, const Reading& reading);
// throttle.cpp
void take_throttle(ModelState::Impl& m, const Reading& reading);
void update_period(RateMemory& memory, GroupState& group, Ring::Point now);
void spread_throttling(ModelState::Impl& m, TimePoint now);
// ownership.cpp
void take_outcome(ModelState::Impl& m, const Outcome& outcome);
void take_event(ModelState::Impl& m, const FileEvent& event);
void take_settings(ModelState::Impl& m, const Reading& reading);
void settle_pod(ModelState::Impl& m, Slot pod, TimePoint at);
void note_leases(ModelState::Impl& m, TimePoint now);
// unanswered.cpp
/// Whether the pod's limit is what its spec asks for.
void compare_with_spec(ModelState::Impl& m, Slot pod);
/// The kernel refused somebody's write to the pod's limit, or ours overtook it.
void note_unanswered(ModelState::Impl& m, Slot pod, TimePoint at);
/// Its owner's write came through, or ours for him: what he asked for before is no longer wanted.
void note_base(ModelState::Impl& m, Slot slot);
/// Ownership::least anew.
void note_least(ModelState::Impl& m, Slot pod);
/// What its owner wants is known: from now on Ownership::put_right.
void answer(ModelState::Impl& m, TimePoint now);
/// One of our writes to the pod's limit is in force.
void note_written(ModelState::Impl& m, Slot slot, const Bandwidth& in_force, TimePoint at);
// load.cpp
void take_node(ModelState::Impl& m, const ModelParams& params, const Sample& sample);
// harm.cpp
void take_wait(ModelState::Impl& m, const ModelParams& params, const Catalog& catalog, const Reading& reading);
void pass_minutes(ModelState::Impl& m, const ModelParams& params, TimePoint now);
// counted.cpp
/// Per slot whether its use counts in sums: a container, or a plain group, with none such below it.
std::vector<char> counted_groups(const Catalog& catalog);
// lendable.cpp
/// What the group is expected to want, at most its limit: use now, with the 90th percentile where it is protected.
MilliCpu expected_use(const GroupState& group, const ClassRule& rule, const Group& identity);
void update_expected(ModelState::Impl& m, const Catalog& catalog, Slot slot);

}  // namespace model
}  // namespace headroom
