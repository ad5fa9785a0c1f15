// What an earlier run left in its ledger, put back without a daemon: headroomd --restore, and mode off.
#pragma once

#include <string>

#include "cgroups/ledger/ledger.hpp"
#include "cgroups/types/result.hpp"

namespace headroom {

struct Leftovers {
  enum class Ledger {
    no_directory,   ///< there is no run directory
    none,           ///< nothing was ever written under it since the last boot
    other_boot,     ///< the kernel has forgotten those values: set aside
    unreadable,     ///< damaged, or of another version: set aside
    read
  };
  Ledger ledger = Ledger::none;
  ledger::RestoreResult result;
};

/// Takes the lock (nobody may be running), puts everything back.
/// Errors: rejected (a daemon is running: it does that itself; or the kernel refused a write), denied, io.
Result<Leftovers> restore_leftovers(const std::string& run_dir);

/// "3 put back, 1 left because they hold somebody else's value, …"
std::string sentence(const ledger::RestoreResult& result);
/// "no ledger in /run/headroom: nothing to put back", or the sentence of the result.
std::string sentence(const Leftovers& leftovers, const std::string& run_dir);

/// The task --restore: says on stdout what was done, on stderr what could not be.
/// @return what the program exits with: 0 done or nothing to do; 1 failed, or a run directory that was named does not
///         exist; 3 a daemon holds the lock
int restore_only(const std::string& run_dir);

}  // namespace headroom
