// advance: Sample -> Snapshot. Pure: no I/O, no clock; the same state and sample give the same snapshot.
#pragma once

#include <memory>

#include "metrics/model/snapshot.hpp"

namespace headroom {

/// What the model has to be told about the node; from the configuration and the capability probe.
struct ModelParams {
  nanoseconds scheduler_tick{4'000'000};   ///< 1/HZ
  Judge judge = Judge::none;
  std::optional<int> target_percent;       ///< 1..100; nullopt: 95 with a judge, 75 without
  int steal_permille = 20;                 ///< node.steal, 0..1000
  int added_wait_permille = 10;            ///< contract.addedWait, 1..100
  seconds contract_window{60};             ///< contract.per
  bool hold_when_blind = false;            ///< node.onBlind: hold
  bool observe = false;                    ///< writes never take effect: the file's value is what is in force
  friend bool operator==(const ModelParams&, const ModelParams&) = default;
};

/// Histories, quantiles, ownership, load, harm. One of the five places of state.
class ModelState {
 public:
  explicit ModelState(ModelParams params);
  ~ModelState();
  ModelState(ModelState&&) noexcept;
  ModelState& operator=(ModelState&&) noexcept;
  ModelParams params;

  struct Impl;
  std::unique_ptr<Impl> impl;
};

/// From here on as if nobody but their owners had ever written to the files: what is ours in them is forgotten.
void forget_what_is_ours(ModelState& state);

Snapshot advance(ModelState& state, const Sample& sample, const Catalog& catalog);

}  // namespace headroom
