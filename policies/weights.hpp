// Where a borrower competes with a protected neighbour: weights compete among siblings only (KERNEL 21).
#pragma once

#include <span>
#include <vector>

#include "metrics/model/snapshot.hpp"

namespace headroom {

struct Level {
  Slot slot = kNoSlot;        ///< the group whose weight protects the neighbour
  Slot neighbour = kNoSlot;
};

/// For each busy protected neighbour the child of the lowest common ancestor on the borrower's path, if that child is
/// a pod or a container (never a slice or QoS group: those are their owners') and holds nobody but borrowers
/// (infrastructure does not count). No level twice.
std::vector<Level> competing_levels(const Snapshot& snapshot, Slot borrower);

/// Whether every container below `top` is infrastructure or of a class that may borrow.
bool only_borrowers(const Snapshot& snapshot, Slot top);

/// Whether none of the CPUs that the group may use has more than a tenth idle: then what it does not get, others have.
bool crowded(const Snapshot& snapshot, Slot slot);

}  // namespace headroom
