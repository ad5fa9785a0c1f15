// What a decision about one container was made of, so that it can be explained from values and not from log lines.
#pragma once

#include <vector>

#include "metrics/model/lendable.hpp"
#include "policies/koordinator_law.hpp"

namespace headroom {

/// How much of what was lendable a claim got at one tick. Above the own limits; these hold exactly:
///   amount = max(0, lendable - served_before)        lendable: as LendableTerms says
///   granted + others_granted <= amount, granted <= asked
struct ShareTerms {
  TimePoint at;                  ///< the tick; epoch: it has never claimed
  LendableTerms of;              ///< of the set of CPUs that it may use
  MilliCpu served_before;        ///< given to claims on CPUs of its set that are served earlier
  MilliCpu amount;               ///< what there was to share among the claims on its set
  MilliCpu asked, granted;
  MilliCpu others_asked, others_granted;
  std::uint32_t claims = 0;      ///< on its set, its own included
};

/// Everything that a policy can tell of one container.
struct Terms {
  Because because = Because::none;     ///< the first rule that keeps it from borrowing; none: it borrows, or will when next read
  bool lent = false;                   ///< it has a lease
  MilliCpu limit{};                      ///< its owner's; 0: none or not known
  MilliCpu ceiling{};                    ///< min(upTo of its class, CPUs it may use)
  MilliCpu least{};                      ///< a lease is opened for at least this much
  nanoseconds credit{0}, credit_cap{0}, credit_needed{0};  ///< below or at credit_needed nothing is lent
  TimePoint wait_until{};                ///< of a pause that runs; epoch: none
  TimePoint wanted_at{};                 ///< when it last wanted more than its limit
  nanoseconds hold{0};                 ///< a lease outlives that by this
  ShareTerms share{};                    ///< of its lease or, without one, what it would have got in this tick
  MilliCpu missing{};                  ///< so much more room and every claim of `share`'s tick would be satisfied
  std::vector<Claim> claims{};           ///< behind `share` if that is of this tick
  std::optional<koordlet::Decision> law{};   ///< of policy koordinator: its last one; nullopt: none, or of another policy
};

}  // namespace headroom
