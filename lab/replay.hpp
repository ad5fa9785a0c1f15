// Journals of real daemons: decided again, and their explanations held against their inputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/replay.hpp"
#include "engine/what_if.hpp"
#include "engine/would_have.hpp"

namespace headroom::lab {

/// The segments of one journal, in order. @param path  a file, a daemon's state directory or its folder journal/
/// Errors: absent, io.
Result<std::vector<std::string>> read_journal(const std::string& path);

/// Every journal at or below `root`: a file itself, each folder in which segments lie.
std::vector<std::string> find_journals(const std::string& root);

/// By path below the root, with or without a slash, or by namespace/pod/container; kNoSlot: none.
Slot find_slot(const Catalog& catalog, const std::string& name);

/// "/path: quota 50000 -> 160000 us of 100000 us: why", a line each.
std::string plan_text(const Plan& plan, const Catalog& names, TimePoint at);

struct ReplayOptions {
  std::string journal, group;
  std::string policy;            ///< what it would have done instead; empty: what was decided
  std::uint64_t at = 0;          ///< 0: all
  std::uint64_t flip = 0;        ///< tick of which one counter is changed first; 0: none
  bool json = false;
};
/// Prints. @return exit code: 0 every plan agrees, 1 one does not, 2 no such journal, tick or group
int run_replay(const ReplayOptions& options);

/// The journal's bytes with one usage counter changed that tick `at`, or the next that read any, read: of a group with a lease,
/// if there is one.
struct FlippedJournal {
  std::vector<std::string> segments;
  std::string what;              ///< "usage of /kubepods/…, read at tick 1200: 50 ms more than was read"
  std::uint64_t tick = 0;        ///< that read it
  Slot slot = kNoSlot;           ///< of the group
};
/// Errors: absent (no usage was read from there on), malformed.
Result<FlippedJournal> flip_counter(const std::vector<std::string>& segments, std::uint64_t at);
/// The first tick after which the state that decides is another than with the journal as it was read, and what the changed group
/// seems to use: "tick 1200: 0.510 cores over 100 ms instead of 0.010". Not every state that differs makes another plan.
std::optional<std::string> first_other_state(const std::vector<std::string>& segments, const FlippedJournal& flipped);

struct AuditOptions {
  std::vector<std::string> roots;
  std::size_t leases = 100, refusals = 100;
  std::string markdown;
};
/// For so many leases and refusals: whether the arithmetic adds up when it is made anew from the model's state, whether an
/// edited input changes the explanation, and whether the named change makes a container borrow or leads to the bound that
/// is named next. @return exit code: 0 all of them, 1 not, 2 no journal
int run_audit(const AuditOptions& options);

/// One explanation held against the state it is made of; "" where everything holds.
std::string check_arithmetic(const Explanation& e, const Snapshot& now);
/// Applies the named changes one after the other until the container borrows; "" where each did what was said.
std::string check_changes(const Explanation& e, const Snapshot& now, const Policy& policy, const PlanState& plans,
                          const Guardrails& rails);

}  // namespace headroom::lab
