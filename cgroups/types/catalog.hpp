// What groups there are and what each of them is: the slow-changing half of what is observed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cgroups/types/bandwidth.hpp"
#include "cgroups/types/bar.hpp"
#include "cgroups/types/burst_strategy.hpp"
#include "cgroups/types/cpu_set.hpp"
#include "cgroups/types/workload.hpp"

namespace headroom {

/// Dense index of a live group. Reused after a group is gone; Group::id tells one life from the next.
using Slot = std::uint32_t;
constexpr Slot kNoSlot = UINT32_MAX;

/// What a path says that a group is (tests/golden/cgroup-paths.json).
enum class GroupKind { container, inner, pod, qos, helper, sandbox_stub, scope, slice, other };
enum class Runtime { any, containerd, crio, docker, podman, nerdctl, buildkit, systemd, none };
enum class KubeQos { guaranteed, burstable, best_effort };

struct Identity {
  std::string pod_uid;       ///< empty: none
  std::string container_id;  ///< empty: none
  std::string node;          ///< container ID of the node, where the node is itself a container
  GroupKind kind = GroupKind::other;
  Runtime runtime = Runtime::none;
  std::optional<KubeQos> kube_qos;
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// Decides who is protected and who may borrow (docs/architecture.md, "Classes").
enum class QosClass { lse, lsr, ls, step, control, be, system };

/// LSE, LSR, LS, SYSTEM, control, and steps up to their own limit. BE is protected by its weight alone.
constexpr bool is_protected(QosClass c) { return c != QosClass::be && c != QosClass::step; }

/// Classes whose limits may be ours for a time: of the others nothing is ever written.
constexpr bool may_be_written(QosClass c) { return c == QosClass::ls || c == QosClass::step || c == QosClass::control; }

/// Kinds whose limits may be: a pod's follow its containers', the rest belongs to kubelet or a runtime.
constexpr bool may_be_written(GroupKind kind) {
  return kind == GroupKind::container || kind == GroupKind::scope || kind == GroupKind::slice || kind == GroupKind::other;
}

enum class Visibility { automatic, hidden, file };
enum class WeightRule { automatic, keep, lower };

/// What may be lent to a container of a class.
struct BorrowRule {
  MilliCpu up_to{8000};                       ///< ceiling of its use, 100..64000
  seconds start{20};                          ///< length of the start lease, 0..300
  nanoseconds credit{std::chrono::minutes{10}};  ///< CPU time, 0..600000 s
  Visibility visibility = Visibility::automatic;
  friend bool operator==(const BorrowRule&, const BorrowRule&) = default;
};

/// A rule of the configuration after matching; Catalog::rules[0] is always {"none", ls}.
struct ClassRule {
  std::string name = "none";
  QosClass qos = QosClass::ls;
  std::optional<BorrowRule> borrow;
  WeightRule weight = WeightRule::automatic;
  int rank = 0;                               ///< of its class in the configuration, from 1 on; 0: no class
  Bars bars{};                                ///< beyond what the class itself says; with any, `borrow` is none
  std::optional<BorrowRule> barred{};         ///< what would be lent but for the bars
  friend bool operator==(const ClassRule&, const ClassRule&) = default;
};

/// Whether a group that falls under the other may keep what it holds: its class may stand at another place, and what bars it
/// may be something else.
inline bool same_grant(ClassRule a, const ClassRule& b) {
  if (a.bars.spare() != b.bars.spare()) return false;
  a.rank = b.rank;
  a.bars = b.bars;
  a.barred = b.barred;
  return a == b;
}

inline void put_bar(ClassRule& rule, Bar bar) {
  rule.bars.add(bar);
  if (rule.borrow) rule.barred = std::exchange(rule.borrow, std::nullopt);
}
inline void lift_bar(ClassRule& rule, Bar bar) {
  rule.bars.remove(bar);
  if (!rule.bars.any()) rule.borrow = std::exchange(rule.barred, std::nullopt);
}

/// What is lent, or would be; of a class that lends nothing: the defaults.
inline BorrowRule offer_of(const ClassRule& rule) { return rule.borrow ? *rule.borrow : rule.barred.value_or(BorrowRule{}); }

/// The first that keeps a group under this rule from borrowing; none: it may.
inline Bar first_bar(const ClassRule& rule) {
  if (rule.borrow) return Bar::none;
  if (rule.bars.any()) return rule.bars.first();
  return rule.name == "none" ? Bar::no_class : Bar::spare_class;
}

/// One cgroup directory that we look at. Ancestors of a watched group are groups too, up to the root (""). What every
/// reading asks for comes last, beside optional's flag, so that it is one line of cache and not four.
struct Group {
  std::string path;          ///< below the root, no leading slash; "" is the root itself
  std::string ns, pod, container;  ///< Kubernetes' names, or Docker's of the container; empty where nothing knows them
  std::shared_ptr<const WorkflowStep> step;   ///< null: of no engine that is known
  std::shared_ptr<const koordlet::Patch> strategy;   ///< of its pod, for policy koordinator; null: asks for none, or may not
  std::vector<std::string> unheard;   ///< annotations of its pod that are not, and why ("headroom.io/up-to: …")
  CpuSet cpus;               ///< CPUs it may use; empty: unreadable
  /// Of a pod: what its spec asks for, per 100 ms; of a systemd unit: what systemd has said that it has, since somebody last
  /// wrote. nullopt: none, or nobody has told.
  std::optional<FiniteLimit> owners_limit;
  std::uint64_t inode = 0;   ///< in the cpu (v1) or unified (v2) hierarchy
  TimePoint first_seen;      ///< epoch: it was there before us
  Identity identity;
  std::uint64_t id = 0;      ///< unique per life of a group, never reused within a run
  Slot parent = kNoSlot;
  std::uint32_t rule = 0;    ///< index into Catalog::rules
  ContainerRole role = ContainerRole::service;
  bool infrastructure = false;     ///< a sandbox, or a container of role infra: neither borrows nor counts as protected
};

/// Holes (nullopt) are free slots. `generation` grows with every change.
struct Catalog {
  std::vector<std::optional<Group>> groups;
  std::vector<ClassRule> rules{ClassRule{}};
  std::uint64_t generation = 0;
  int cpus = 1;              ///< online CPUs of the node
  int cores = 0;             ///< physical cores behind them; 0: not known, taken for as many as CPUs
  bool v2 = false;           ///< unit of Shares: v2 cpu.weight, else v1 cpu.shares

  const Group* find(Slot s) const { return s < groups.size() && groups[s] ? &*groups[s] : nullptr; }
  const ClassRule& rule_of(const Group& g) const { return rules[g.rule]; }
};

/// The same of a group.
inline Bar first_bar(const Catalog& catalog, const Group& g) {
  const Bar bar = first_bar(catalog.rule_of(g));
  const bool of_engine = g.role == ContainerRole::infra || g.role == ContainerRole::infra_init;
  if (g.infrastructure) return of_engine ? Bar::helper : Bar::sandbox;
  return bar > Bar::kind && !may_be_written(g.identity.kind) ? Bar::kind : bar;
}

}  // namespace headroom
