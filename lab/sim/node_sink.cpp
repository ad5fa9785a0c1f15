// SimNode as the engine's Sink: what agent/kernel_sink.cpp does, without ledger and fence.
#include <algorithm>

#include "lab/sim/node.hpp"

namespace headroom::lab::sim {
namespace {

constexpr nanoseconds kWriteCost{1000};

}  // namespace

Outcome SimNode::begin_outcome(Slot slot, WriteKind kind, const Setting& to, const Reason& why) const {
  const Group* group = catalog_.find(slot);
  return {slot, group != nullptr ? group->id : 0, kind, to, std::nullopt, now(), nanoseconds{0}, why};
}

std::vector<Outcome> SimNode::apply(const Plan& plan, const Catalog&) {
  std::vector<Done> done;
  std::vector<std::uint32_t> failed;   // units
  std::vector<Outcome> outcomes;
  outcomes.reserve(plan.writes.size() + plan.refills.size());
  for (const Write& w : plan.writes) {
    outcomes.push_back(write(w, outcomes.size(), done, failed));
    const auto error = outcomes.back().error;
    if (!error || std::find(failed.begin(), failed.end(), w.unit) != failed.end()) continue;
    failed.push_back(w.unit);
    undo_unit(w.unit, *error, done, outcomes);
  }
  for (const Refill& r : plan.refills) outcomes.push_back(refill(r));
  return outcomes;
}

Outcome SimNode::write(const Write& w, std::size_t index, std::vector<Done>& done, const std::vector<std::uint32_t>& failed) {
  Outcome outcome = begin_outcome(w.slot, WriteKind::settings, w.to, w.why);
  const nanoseconds before = counters_.cost;
  const auto steps = steps_between(w.from, w.to, kernel_.machine().version);
  const Group* group = catalog_.find(w.slot);
  Result<> result;
  bool home = false;
  if (group == nullptr) {
    result = fail(Errc::gone, "slot " + std::to_string(w.slot), "the group is not there any more");
  } else {
    home = homeward(w.slot, steps);
    const bool left_out = std::find(failed.begin(), failed.end(), w.unit) != failed.end() && !home;
    result = left_out ? fail(Errc::rejected, group->path, "left out with its unit: another write failed") : take_steps(w.slot, steps, home);
  }
  if (result && w.why.because == Because::put_right)   // its owner's own value: nothing of ours is there
    for (const FileStep& step : steps) row(w.slot, step.file).reset();
  if (result) done.push_back({index, w.unit, w.slot, steps, home});
  else outcome.error = result.error();
  outcome.cost = counters_.cost - before;
  return outcome;
}

bool SimNode::homeward(Slot slot, const std::vector<FileStep>& steps) {
  return std::all_of(steps.begin(), steps.end(), [&](const FileStep& step) {
    const auto& known = row(slot, step.file);
    return known && known->original == step.after;
  });
}

/// All of them, or (unless they lead home) none.
Result<> SimNode::take_steps(Slot slot, const std::vector<FileStep>& steps, bool all_the_same) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto result = put(slot, steps[i]);
    if (result) continue;
    if (!all_the_same) take_back(slot, {steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(i)});
    return result;
  }
  return {};
}

/// The value that the plan rests on is checked first: what somebody has written since stands.
Result<> SimNode::put(Slot slot, const FileStep& step) {
  const auto present = read_file(kernel_, slot, step.file);
  const auto where = catalog_.find(slot)->path + "/" + file_name(step.file, kernel_.machine().version);
  auto& known = row(slot, step.file);
  counters_.cost += kWriteCost;
  if (present != step.before) {
    if (known && known->ours != present) known.reset();
    return fail(Errc::rejected, where, "foreign value " + present + ", expected " + step.before);
  }
  auto result = write_file(kernel_, slot, step.file, step.after);
  counters_.cost += kWriteCost;
  count_write(step.file);
  if (!result) {
    result.error().where = where;
    return result;
  }
  if (!known) known = Row{step.before, step.after};
  known->ours = step.after;
  if (known->original == step.after) known.reset();
  for (auto& event : events_)
    if (event.slot == slot && event.file == event_file(step.file)) event.what = FileEvent::What::overtaken;
  return {};
}

/// @return whether everything is as it was
bool SimNode::take_back(Slot slot, const std::vector<FileStep>& steps) {
  bool whole = true;
  for (auto it = steps.rbegin(); it != steps.rend(); ++it) whole &= put(slot, {it->file, it->after, it->before}).has_value();
  return whole;
}

void SimNode::undo_unit(std::uint32_t unit, const Error& why, std::vector<Done>& done, std::vector<Outcome>& outcomes) {
  for (auto it = done.rbegin(); it != done.rend(); ++it) {
    if (it->unit != unit || it->homeward) continue;
    // What could not be taken back is in force, and its outcome says so.
    if (take_back(it->slot, it->steps))
      outcomes[it->outcome].error = Error{Errc::rejected, why.where, "undone with its unit: " + why.detail};
  }
  std::erase_if(done, [unit](const Done& d) { return d.unit == unit; });
}

/// The burst with the value it has, on every finite level of the path (KERNEL 1).
Outcome SimNode::refill(const Refill& r) {
  Outcome outcome = begin_outcome(r.slot, WriteKind::refill, Bandwidth{}, r.why);
  const nanoseconds before = counters_.cost;
  if (catalog_.find(r.slot) == nullptr) {
    outcome.error = Error{Errc::gone, "slot " + std::to_string(r.slot), "the group is not there any more"};
    return outcome;
  }
  outcome.to = kernel_.bandwidth(r.slot);
  for (Slot slot = r.slot; slot != kRoot; slot = catalog_.find(slot)->parent) {
    const Bandwidth limit = kernel_.bandwidth(slot);
    counters_.cost += kWriteCost;
    if (!limit.quota) continue;
    const auto result = kernel_.write_limit(slot, {{}, {}, limit.burst});
    count_write(File::burst);
    if (!result) outcome.error = result.error();
  }
  outcome.cost = counters_.cost - before;
  return outcome;
}

std::optional<SimNode::Row>& SimNode::row(Slot slot, File file) {
  if (slot >= rows_.size()) rows_.resize(slot + 1);
  return rows_[slot][static_cast<std::size_t>(file)];
}

void SimNode::count_write(File file) {
  ++counters_.all_writes;
  if (file != File::shares) ++counters_.refilling_writes;
}

}  // namespace headroom::lab::sim
