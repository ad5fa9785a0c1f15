// What keeps a group from being lent to, whatever it wants: its place, its pod's own words, the rollout, the classes.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace headroom {

/// In the order in which they are told: first what nobody can change, then the pod's own, then the administrator's.
enum class Bar : std::uint8_t {
  none,
  own,               ///< headroom's own group
  sandbox,           ///< a pod's pause container
  kind,              ///< a pod, or what holds containers: given what its containers are lent
  helper,            ///< an engine's own container in a step's pod
  sidecar,           ///< of a step
  init,              ///< of a step
  finished,          ///< its pod has ended
  system_part,       ///< system.slice, a slice below it, or what a unit there has made for itself
  system_unit,       ///< a unit below system.slice that no entry with `unit` names
  system_namespace,  ///< kube-system
  opt_out,           ///< annotation headroom.io/opt-out
  label,             ///< koordinator.sh/qosClass is LSE, LSR, BE or SYSTEM
  best_effort,       ///< no limit to raise, weight already lowest
  holdout,           ///< rollout: of the share that is kept at its limits
  namespaces,        ///< rollout: not of the namespaces that are lent to, or of none that is known
  withheld,          ///< a class that lends nothing may mean it, and asks what is not known
  unknown,           ///< a class that lends may mean it, and asks what is not known
  no_class,
  spare_class,       ///< its class lends nothing
  watch_only         ///< the policy in force lends to nobody
};
constexpr std::size_t kBars = static_cast<std::size_t>(Bar::watch_only) + 1;

/// Whether a change of the pod or the configuration takes it away.
constexpr bool can_be_lifted(Bar bar) { return bar >= Bar::system_unit; }

/// All that bar a group at once, so that it can be told what comes when the first is lifted.
struct Bars {
  std::bitset<kBars> set;

  void add(Bar bar) { set.set(static_cast<std::size_t>(bar)); }
  void remove(Bar bar) { set.reset(static_cast<std::size_t>(bar)); }
  bool has(Bar bar) const { return set.test(static_cast<std::size_t>(bar)); }
  bool any() const { return set.any(); }
  Bar first() const {
    for (std::size_t i = 1; i < kBars; ++i)
      if (set.test(i)) return static_cast<Bar>(i);
    return Bar::none;
  }
  /// Its owner has opted out, or the rollout leaves it out: for every policy.
  bool spare() const { return has(Bar::opt_out) || has(Bar::holdout) || has(Bar::namespaces); }
  friend bool operator==(const Bars&, const Bars&) = default;
};

}  // namespace headroom
