// One tick of the model: outcomes, events, readings, in that order; then what follows from them.
#include "metrics/model/advance.hpp"

#include <algorithm>

#include "metrics/model/state.hpp"

namespace headroom {

void ModelState::Impl::touch(Slot slot) {
  if (touched_mark[slot] == tick) return;
  touched_mark[slot] = tick;
  touched.push_back(slot);
}

ModelState::ModelState(ModelParams p) : params(p), impl(std::make_unique<Impl>()) {}
ModelState::~ModelState() = default;
ModelState::ModelState(ModelState&&) noexcept = default;
ModelState& ModelState::operator=(ModelState&&) noexcept = default;

namespace {

using namespace model;

constexpr std::size_t kAhead = 4;

/// drop and overtaken live for one tick.
void begin_tick(ModelState::Impl& m) {
  ++m.tick;
  for (const Slot slot : m.flagged)
    if (slot < m.groups.size()) m.groups[slot].own.drop = m.groups[slot].own.overtaken = false;
  m.flagged.clear();
  m.fresh.clear();
  m.touched.clear();
}

/// Since index_catalog a group has its id as long as the catalog has it.
bool known(const ModelState::Impl& m, const Reading& reading) {
  return reading.slot < m.groups.size() && m.groups[reading.slot].id != 0;
}

bool of_pod(const ModelState::Impl& m, const Reading& reading) {
  return reading.slot < m.places.size() && m.places[reading.slot].pod_kind;
}

/// A large node's groups do not stay in the cache from one tick to the next.
void fetch(const ModelState::Impl& m, Slot slot) {
  if (slot >= m.groups.size() || slot >= m.rates.size()) return;
  __builtin_prefetch(&m.groups[slot]);
  __builtin_prefetch(&m.rates[slot]);
}

/// Use of pods comes before their containers', which follows from it while they stand still; settings come after theirs. So
/// the order of the readings does not matter.
void take_readings(ModelState::Impl& m, const ModelParams& params, const Sample& sample) {
  const auto n = sample.readings.size();
  for (std::size_t i = 0; i < n; ++i) {
    if (i + kAhead < n) fetch(m, sample.readings[i + kAhead].slot);
    const Reading& r = sample.readings[i];
    if (r.usage && of_pod(m, r) && known(m, r)) take_usage(m, params, r);
  }
  for (const Reading& r : sample.readings) {
    if (!known(m, r)) continue;
    if (r.usage && !of_pod(m, r)) take_usage(m, params, r);
    if (r.throttle) take_throttle(m, r);
    if (r.populated) m.groups[r.slot].populated = r.populated;
    if ((r.bandwidth || r.shares) && !of_pod(m, r)) take_settings(m, r);
  }
  for (const Reading& r : sample.readings)
    if ((r.bandwidth || r.shares) && of_pod(m, r) && known(m, r)) take_settings(m, r);
}

}  // namespace

Snapshot advance(ModelState& state, const Sample& sample, const Catalog& catalog) {
  ModelState::Impl& m = *state.impl;
  begin_tick(m);
  index_catalog(m, catalog);
  if (!state.params.observe)
    for (const Outcome& outcome : sample.outcomes) take_outcome(m, outcome);
  for (const FileEvent& event : sample.events) take_event(m, event);
  take_readings(m, state.params, sample);
  for (std::size_t i = 0, n = m.touched.size(); i < n; ++i)
    if (const Slot pod = m.places[m.touched[i]].pod; pod != kNone) settle_pod(m, pod, sample.at);
  answer(m, sample.at);
  spread_throttling(m, sample.at);
  note_leases(m, sample.at);
  for (const Slot slot : m.fresh) update_expected(m, catalog, slot);
  for (const Slot slot : m.touched) update_expected(m, catalog, slot);
  take_node(m, state.params, sample);
  for (const Reading& r : sample.readings)
    if (r.wait && known(m, r)) take_wait(m, state.params, catalog, r);
  pass_minutes(m, state.params, sample.at);
  return Snapshot{sample.at, catalog, m.groups, m.node, m.fresh, m.touched};
}

}  // namespace headroom
