// A configuration that is taken up while the loop runs. What concerns who may borrow how is changed only when everything that it
// concerns is back at its owner's values: no lease, burst or weight outlives the rule that it was given by.
#include <fmt/format.h>

#include <algorithm>

#include "agent/clock.hpp"
#include "agent/leftovers.hpp"
#include "agent/loop.hpp"
#include "agent/names.hpp"

namespace headroom {
namespace {

constexpr seconds kBackToBase{2};

bool same_tuning(const Node& a, const Node& b) {
  return std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && x.second.text == y.second.text; });
}

bool same_policy(const Config& a, const Config& b) { return a.policy == b.policy && same_tuning(a.tuning, b.tuning); }

ClassRules rules_of(const Config& config) { return {config.classes, config.annotations, config.only}; }

LogLevel level_of(const Config& config) {
  if (config.log_level == "trace") return LogLevel::debug;   // nothing is said below it
  return parse_level(config.log_level).value_or(LogLevel::info);
}

}  // namespace

void set_log(Log& log, const Config& config) { log.set(level_of(config), config.log_json ? LogFormat::json : LogFormat::text); }

void set_bounds(ModelParams& params, const Config& config) {
  params.target_percent = config.target_percent;
  params.added_wait_permille = config.added_wait_permille;
  params.steal_permille = config.steal_permille;
  params.hold_when_blind = !config.restore_when_blind;
}

void arm(Engine& engine, const Hands& hands) {
  const bool enforcing = hands.mode() == Mode::enforce;
  engine.model.params.observe = !enforcing;
  engine.rails.can = hands.can();
  engine.rails.may_write = enforcing;
  engine.rails.guard_up = !enforcing;   // observe says what it would do with one
}

/// Also the one in force, where somebody asked for it again and its mode could not be had the last time.
std::shared_ptr<const Loaded> Loop::newest_config() {
  auto next = parts_.configs.take();
  const bool try_again = !next && !next_ && config_->config.mode != parts_.hands.mode();
  return try_again ? config_ : next;
}

void Loop::begin_change(std::shared_ptr<const Loaded> next) {
  if (!next || stopping_) return;
  const Config &now = config_->config, &then = next->config;
  const bool other_mode = then.mode != now.mode || then.mode != parts_.hands.mode();   // also: enforce is tried again
  giving_back_ = other_mode || !same_policy(now, then) || now.annotations != then.annotations || now.contract_window != then.contract_window;
  engine_.rails.closing.clear();
  if (!giving_back_ && rules_of(now) != rules_of(then)) engine_.rails.closing = parts_.source.affected_by(rules_of(then));
  next_ = std::move(next);
  next_until_ = monotonic_now() + kBackToBase;
  update_off();
  engine_.reads.wake = monotonic_now();
}

/// At the begin of a tick: what the last one showed may not be looked at any more after a change.
void Loop::change_if_ready(TimePoint now) {
  if (!next_ || stopping_) return;
  const bool other_rules = rules_of(config_->config) != rules_of(next_->config);
  if (!giving_back_ && other_rules && closed()) engine_.rails.closing = parts_.source.affected_by(rules_of(next_->config));   // some came since
  const bool waits = (giving_back_ && !settled()) || !closed();
  if (waits && now < next_until_) return;
  const auto next = std::exchange(next_, nullptr);
  const auto before = std::exchange(config_, next);
  const Config &was = before->config, &is = next->config;
  if (waits && parts_.hands.enforcement() != nullptr) {
    accounting_.event(LogLevel::warn, "config", "not everything went back in time; from the ledger: " + sentence(parts_.hands.enforcement()->restore()));
    if (parts_.hands.kernel() != nullptr) parts_.hands.kernel()->reset();
  }
  set_log(parts_.log, is);
  set_bounds(engine_.model.params, is);
  parts_.recorder.keep(is.journal_bytes);
  if (other_rules) parts_.source.reclassify(rules_of(is));
  engine_.model.params.contract_window = is.contract_window;
  if (was.mode != is.mode || is.mode != parts_.hands.mode()) take_mode(is.mode);
  else if (waits || was.contract_window != is.contract_window) begin_again(monotonic_now());
  else if (!same_policy(was, is)) take_policy(is);
  giving_back_ = false;
  engine_.rails.closing.clear();
  update_off();
  if (next != before) parts_.configs.took_up(next);
  const char* what = next != before ? "taken up" : "tried again";
  accounting_.event(LogLevel::info, "config", fmt::format("{}: mode {}, policy {}", what, word(parts_.hands.mode()), is.policy),
                    {{"hash", hash_of(next->text)}});
}

void Loop::take_mode(Mode wanted) {
  parts_.hands.take(wanted);
  parts_.hands.make_sink(parts_.source);
  arm(engine_, parts_.hands);
  const TimePoint now = monotonic_now();
  (void)parts_.source.observe(first_reads(now));   // takes the events of what was put back
  begin_again(now);
}

/// A policy with nothing out, and the accounts of the one before.
void Loop::take_policy(const Config& next) {
  if (auto credits = engine_.policy->credits(); !credits.empty()) carried_ = std::move(credits);
  Faults none;   // load_config has seen that there are none
  engine_.policy = make_policy(next.policy, next.tuning, none);
  engine_.policy->restore(carried_);
  parts_.credits.follow(next.policy);
}

}  // namespace headroom
