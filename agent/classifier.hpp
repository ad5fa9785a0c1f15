// A path -> what it is, which rule it falls under, and whether we read it at all.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workloads/identity.hpp"

namespace headroom {

/// What becomes of a directory of the tree.
enum class Interest {
  watched,    ///< read and perhaps written: containers, pods, and plain groups that a rule names
  passage     ///< in the catalog only as an ancestor of a watched one
};
enum class Below { descend, stop };

/// What sources tell of a group, as its catalog entry has it.
struct Names {
  std::string ns, pod, container;
  std::shared_ptr<const WorkflowStep> step;
  std::shared_ptr<const koordlet::Patch> strategy;
  ContainerRole role = ContainerRole::service;
  std::optional<FiniteLimit> owners_limit;  ///< of a pod's own group
  std::vector<std::string> unheard;        ///< annotations of its pod that are not, and why
  bool told = false;   ///< a source knows it: what its files look like does not count any more
};

struct Verdict {
  Identity identity;
  Names names;
  std::uint32_t rule = 0;
  Interest interest = Interest::passage;
  Below below = Below::descend;
};

/// Turns configuration into verdicts; equal rules share an index of Catalog::rules.
class Classifier {
 public:
  /// @param own  the daemon's own group below the root: it and what is below it is `system`. nullopt: not in this tree.
  /// @param own_pod  UID of our own pod, where there is one: in a cgroup namespace of our own our path cannot be told
  Classifier(ClassRules rules, std::optional<std::string> own, std::string own_pod);
  void set_rules(ClassRules rules) { rules_ = std::move(rules); }
  void set_world(KnownWorld world) { world_ = std::move(world); }
  /// Adds a rule to the catalog where none is equal; changes nothing else of it.
  Verdict classify(const std::string& path, Catalog& catalog) const;

 private:
  bool is_own(const std::string& path, const Identity& identity) const;
  ClassRules rules_;
  KnownWorld world_;
  std::optional<std::string> own_;
  std::string own_pod_;
};

/// Whether a container of a pod looks like its sandbox (KERNEL 17): lowest weight, no quota, next to no use. A container
/// without requests looks the same until it has used something, so the answer is asked again with every reading of use.
/// @param used  cumulative CPU time; a pause process stays below 0.2 s for months
bool looks_like_sandbox(const Group& group, Shares shares, const Bandwidth& bandwidth, nanoseconds used);

/// The part of /proc/self/cgroup's paths that is below the root, found by our PID in that group's cgroup.procs.
/// nullopt: not in this tree, or from another PID namespace where it cannot be told. "" is the root itself.
std::optional<std::string> own_group(const std::string& cpu_root);

}  // namespace headroom
