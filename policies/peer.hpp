// What the policies that follow another agent's law have in common: whom they treat, what its counters did since the last
// look, and asking. Their decisions are the peers'; the mechanics behind them are ours (docs/policies/koordinator.md).
#pragma once

#include <optional>

#include "policies/policy.hpp"

namespace headroom {

/// Why such a policy leaves the group alone; none: it treats it. Treated is a container, or a plain group that may borrow,
/// of class LS, step or control, with a certain finite limit, unless it is spared.
Because untreated(const Snapshot& snap, Slot slot);

/// Whether a cycle that is to run so often runs now. A loop that is up to a tenth early is in time: otherwise it would miss
/// every second cycle.
bool cycle_due(TimePoint now, TimePoint last, nanoseconds every);

/// Somebody wrote in its pod in this tick: what was asked is no longer in force, and what is asked now is not heard.
bool dropped(const GroupState& g);

/// A group's counters at the last look.
struct Counters {
  std::uint64_t id = 0;          ///< Group::id; 0: never looked
  TimePoint at;
  nanoseconds usage{0};
  ThrottleCounters throttle;
};

/// What they did since.
struct Step {
  enum class Kind {
    unread,   ///< no new reading
    anew,     ///< nothing to compare with: a new life, or a counter that went backwards
    moved
  };
  Kind kind = Kind::unread;
  nanoseconds wall{0}, used{0};
  ThrottleCounters throttle;     ///< differences
};

/// @param least  a reading that is younger than this after the last look is left for the next
Step look(Counters& counters, const GroupState& g, nanoseconds least);

/// Throttled periods of those that elapsed, 0..1; 0 where none did.
double throttled_share(const ThrottleCounters& difference);

/// Mean use in cores; 0 over no time.
double cores_of(nanoseconds used, nanoseconds wall);

/// What was asked for one container last. It stands until something else is asked.
struct Asked {
  std::uint64_t id = 0;                      ///< Group::id; 0: nobody
  std::optional<Bandwidth> base;             ///< the owner's then
  std::optional<microseconds> quota, burst;  ///< nullopt: the owner's
  Reason why;                                ///< of the last decision
};

enum class Met { same, resized, anew };
/// Before anything is asked. After a new life or a new base nothing of ours is in force. Only for a group that is treated.
Met meet(Asked& asked, const GroupState& g);

/// A want, at every look for as long as it differs from the owner's values (a pause takes back what was asked before), and
/// once when it does no more. burst is cut to the quota, as upstream kernels demand (KERNEL 3).
void ask(const Snapshot& snap, Asked& asked, Slot slot, Because because, microseconds quota, microseconds burst,
         Desired& out);

/// It is no longer treated: back to its owner's values, if something was asked for it.
void leave(const Snapshot& snap, Asked& asked, Slot slot, Desired& out, Because because = Because::law_lower);

/// asked may be null: nothing is known of it.
Reason explain_asked(const Snapshot& snap, const Asked* asked, Slot slot);
Terms terms_asked(const Snapshot& snap, const Asked* asked, Slot slot);

/// `after` beside `before`.
Because law_of(microseconds before, microseconds after);

template <class Archive, Of<Counters> T>
void fields(Archive& a, T& v) {
  auto& [id, at, usage, throttle] = v;
  a(id, at, usage, throttle);
}
template <class Archive, Of<Asked> T>
void fields(Archive& a, T& v) {
  auto& [id, base, quota, burst, why] = v;
  a(id, base, quota, burst, why);
}

/// explain() and terms() of a policy whose State has `tracks` by slot, each with what was `asked`.
struct SaysWhatItAsked {
  static Reason explain(const Snapshot& snap, const auto& /*params*/, const auto& state, Slot slot) {
    return explain_asked(snap, asked_of(state.tracks, slot), slot);
  }
  static Terms terms(const Snapshot& snap, const auto& /*params*/, const auto& state, Slot slot) {
    return terms_asked(snap, asked_of(state.tracks, slot), slot);
  }

 private:
  static const Asked* asked_of(const auto& tracks, Slot slot) { return slot < tracks.size() ? &tracks[slot].asked : nullptr; }
};

}  // namespace headroom
