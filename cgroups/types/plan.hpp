// What is to be written, why, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cgroups/types/bandwidth.hpp"
#include "cgroups/types/catalog.hpp"
#include "cgroups/types/result.hpp"

namespace headroom {

/// Why something is lent, kept, ended or refused. describe() (engine/describe.hpp) makes the sentence.
enum class Because {
  none,
  lend_predicted,      ///< the run rate says that the quota will not last the period
  lend_start,          ///< first seconds of a new step
  lend_continues,
  kernel_burst,        ///< for what is shorter than a control period
  weight_lowered,      ///< competes with a protected neighbour at this level
  weight_back,
  end_idle,            ///< use fell below the limit for the hold time
  end_expired,         ///< start lease or credit ran out
  end_foreign,         ///< somebody else wrote
  end_off,             ///< mode off, pause, restore
  revoke_harm,         ///< a protected neighbour waits because of it
  revoke_overload,     ///< node in overload
  revoke_late,         ///< the loop was late: punctuality
  revoke_blind,        ///< observations failed
  shrink_share,        ///< others claim, the share is smaller
  refuse_class,        ///< its class may not borrow
  refuse_unlimited,    ///< no finite quota: nothing to lend
  refuse_uncertain,    ///< base not certain yet
  refuse_hands_off,    ///< somebody else wrote twice, or we overtook him
  refuse_no_credit,
  refuse_no_lendable,
  refuse_load,         ///< cooling, overload or unknown
  refuse_idle,         ///< it does not want more than it has
  refuse_budget,       ///< the node's refill budget is spent
  refuse_no_guard,     ///< no guard and no hidden lease possible
  refuse_unread,       ///< its use has never been read: there is no counter, or it is too new
  refuse_ceiling,      ///< its limit is (nearly) all that its class, or its CPUs, let it have
  law_raise,           ///< another agent's law raises its quota,
  law_lower,           ///< lowers it,
  law_hold,            ///< leaves it as it is,
  law_burst,           ///< or gives it a kernel burst and nothing else
  put_right            ///< its owner's own value, which the kernel refused him because of us
};

/// Numbers behind a Because; unused ones stay 0. Small and trivially copied: it goes with every write.
struct Reason {
  Because because = Because::none;
  MilliCpu asked{};        ///< what the group wanted
  MilliCpu granted{};      ///< what it gets in all
  MilliCpu lendable{};     ///< what there was to share
  MilliCpu rate{};         ///< its run rate at the decision
  nanoseconds credit{0}; ///< left on its account
  TimePoint expires{};     ///< when the lease ends by itself; epoch: never
  Slot neighbour = kNoSlot;  ///< who is harmed, for revoke_harm and weight_lowered
  Bar bar = Bar::none;     ///< for refuse_class
  friend bool operator==(const Reason&, const Reason&) = default;
};

using Setting = std::variant<Bandwidth, Shares>;

/// A settings write. Planner's law: from != to, always.
/// Writes of one `unit` (a pod with its containers) succeed together or are undone together, in reverse order.
struct Write {
  Slot slot = kNoSlot;
  Setting from, to;
  Reason why;
  std::uint32_t unit = 0;
};

/// Rewrites the burst file with the value it has (quota, read back, where there is no burst file) on every finite
/// level of the slot's path, or nothing. Changes no value; refills the pools (KERNEL 1).
struct Refill {
  Slot slot = kNoSlot;
  Reason why;
};

struct Plan {
  std::vector<Write> writes;
  std::vector<Refill> refills;
  bool empty() const { return writes.empty() && refills.empty(); }
};

enum class WriteKind { settings, refill, restore };

/// What came of one Write or Refill. Fed back in the next Sample: the model learns from it what is ours.
struct Outcome {
  Slot slot = kNoSlot;
  std::uint64_t group_id = 0;
  WriteKind kind = WriteKind::settings;
  Setting to;                      ///< what was intended; for a refill the value rewritten
  std::optional<Error> error;      ///< nullopt: in force
  TimePoint at;
  nanoseconds cost{0};             ///< wall time of the syscalls
  Reason why;
};

}  // namespace headroom
