#include "agent/loop.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "agent/clock.hpp"
#include "agent/leftovers.hpp"
#include "agent/process_stats.hpp"

namespace headroom {
namespace {

constexpr milliseconds kBeat{200};           // >= 4 Hz while the ledger has entries
constexpr milliseconds kHurry{10};           // between ticks while everything goes back to base
constexpr seconds kBackToBase{2};
constexpr milliseconds kGuardLook{250}, kOffLook{100};
constexpr seconds kTrimEvery{15};            // about 0.1 ms, as often as one is scraped
constexpr unsigned long kTimerSlack = 50'000;   // ns
constexpr int kPriority = -10;

timespec to_timespec(nanoseconds t) {
  const auto whole = std::max(t, nanoseconds{0});
  return {static_cast<time_t>(whole.count() / 1'000'000'000), static_cast<long>(whole.count() % 1'000'000'000)};
}

int open_signals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

std::string message(std::string_view text) { return "{\"message\":\"" + std::string(text) + "\"}"; }

}  // namespace

ReadPlan first_reads(TimePoint now) {
  ReadPlan reads;
  reads.wake = now;
  reads.node_usage = reads.node_cpus = reads.node_pressure = reads.rescan = true;
  return reads;
}

Loop::Loop(const LoopParts& parts, Engine engine)
    : parts_(parts), engine_(std::move(engine)), accounting_(parts.log),
      source_(parts.source, accounting_), config_(parts.configs.in_force()), signals_(open_signals()) {
  carried_ = parts_.credits.load();
  engine_.policy->restore(carried_);
  update_off();
}

bool Loop::run() {
  prctl(PR_SET_TIMERSLACK, kTimerSlack);
  if (parts_.hands.enforcement() != nullptr) setpriority(PRIO_PROCESS, 0, kPriority);   // refused: it is only less punctual
  look_for_off_file(monotonic_now());   // before anything is lent
  engine_.reads = first_reads(monotonic_now());
  once();
  publish();
  parts_.manager.ready();
  while (wait() == Woken::due) once();
  parts_.manager.stopping();
  parts_.log.info("stop", "everything goes back to its owner's values");
  stopping_ = true;
  update_off();
  const TimePoint give_up = monotonic_now() + kBackToBase;
  once();
  while (!settled() && monotonic_now() < give_up && wait() == Woken::due) once();
  parts_.credits.give(engine_.policy->credits(), monotonic_now());
  close(signals_);
  return settled();
}

nanoseconds Loop::until_next(TimePoint now) const {
  TimePoint next = engine_.reads.wake;
  if (hurrying()) next = std::min(next, ticked_ + kHurry);
  if (parts_.hands.enforcement() != nullptr) next = std::min(next, now + kBeat);
  return next - now;
}

Loop::Woken Loop::wait() {
  for (;;) {
    const TimePoint now = monotonic_now();
    if (parts_.hands.enforcement() != nullptr) parts_.hands.enforcement()->beat(now);
    look_for_off_file(now);
    if (now >= engine_.reads.wake || (hurrying() && now >= ticked_ + kHurry)) return Woken::due;
    // Events that could not be taken at this tick are no reason to tick again at once.
    const bool blind = last_ && last_->snapshot.node.failed_ticks > 0;
    pollfd fds[4] = {{stopping_ ? -1 : signals_, POLLIN, 0}, {parts_.board.fd(), POLLIN, 0},
                     {blind ? -1 : parts_.source.event_fd(), POLLIN, 0}, {parts_.names.fd(), POLLIN, 0}};
    const timespec timeout = to_timespec(until_next(now));
    const int ready = ppoll(fds, 4, &timeout, nullptr);
    engine_.reads.quiet = ready == 0 && !blind;
    if (ready <= 0) continue;
    if (fds[0].revents != 0) return Woken::stopped;
    if (fds[1].revents != 0) take_commands();
    if (fds[3].revents != 0) take_names();
    if (fds[2].revents != 0) return Woken::due;
  }
}

void Loop::once() {
  const TimePoint begin = monotonic_now();
  watch_guard(begin);   // before anything is read: what the guard wrote behind its fence is not somebody else's word
  go_on_in_observe(begin);
  change_if_ready(begin);
  const nanoseconds late = ticked_ == TimePoint{} ? nanoseconds{0} : std::max(nanoseconds{0}, begin - engine_.reads.wake);
  accounting_.reading(engine_.reads);
  parts_.source.reloading(parts_.names.reloading(begin));
  last_.emplace(tick(source_, parts_.hands.sink(), engine_));
  parts_.recorder.ticked(++tick_, *last_, engine_);
  advance_accounts(last_->snapshot, engine_.plans, accounts_);
  const TimePoint end = monotonic_now();
  note_denials(end);
  accounting_.ticked(*last_, engine_, end - begin, late);
  ticked_ = begin;
  if (!last_->plan.empty() && parts_.source.heard_of_others()) engine_.reads.wake = end;   // it is not to wait
  parts_.board.lends(engine_.desired.lendable);
  parts_.board.ticked(end);
  if (parts_.hands.enforcement() != nullptr) parts_.hands.enforcement()->beat(end);
  if (end - trimmed_ >= kTrimEvery) {
    return_free_memory();
    trimmed_ = end;
  }
  if (parts_.credits.wants(end)) parts_.credits.give(engine_.policy->credits(), end);
  answer_pending(end);
  tell_manager(end);
  ask_who_wrote();
  ask_about(parts_.source.take_strangers());
}

void Loop::watch_guard(TimePoint now) {
  if (parts_.hands.kernel() == nullptr) return;   // also: it observes since a denied write, and the guard keeps the rest
  if (const auto cost = parts_.hands.kernel()->counters().mean_refill_cost()) engine_.rails.refill_cost = *cost;
  if (parts_.hands.enforcement()->fenced()) behind_fence(now);
  if (now - guard_seen_ < kGuardLook) return;
  guard_seen_ = now;
  engine_.rails.guard_up = parts_.hands.enforcement()->guard_up(now);
}

/// The guard thought that we were dead and has put everything back: nothing that we believe is true any more.
void Loop::behind_fence(TimePoint now) {
  if (now - fence_tried_ < seconds{1}) return;
  fence_tried_ = now;
  const auto result = parts_.hands.enforcement()->restore();
  parts_.hands.kernel()->reset();
  accounting_.event(LogLevel::warn, "fence", "frozen for over a second: the guard took everything back; " + sentence(result));
  (void)parts_.source.observe(first_reads(now));   // takes the events of the guard's writes and ours
  begin_again(now);
  // A file that cannot be put back would be taken for its owner's value.
  if (result.failed == 0) parts_.hands.enforcement()->lower_fence();
}

void Loop::begin_again(TimePoint now) {
  take_policy(config_->config);
  engine_.model = ModelState(engine_.model.params);
  engine_.plans = PlanState{};
  ScheduleState fresh;
  engine_.due.impl.swap(fresh.impl);
  engine_.desired.clear();
  engine_.outcomes.clear();
  engine_.reads = first_reads(now);
  accounting_.forget_leases();
}

void Loop::update_off() {
  engine_.rails.off = paused_ || stopping_ || giving_back_ || off_file_ || parts_.hands.mode() == Mode::off;
}

void Loop::look_for_off_file(TimePoint now) {
  if (parts_.hands.enforcement() == nullptr || now - off_looked_ < kOffLook) return;
  off_looked_ = now;
  const bool there = access(parts_.hands.off_file().c_str(), F_OK) == 0;
  if (there == off_file_) return;
  off_file_ = there;
  update_off();
  engine_.reads.wake = now;
  const char* text = there ? "is there: everything goes back to its owner's values until it is gone" : "is gone: lending goes on";
  accounting_.event(LogLevel::warn, "control", parts_.hands.off_file() + " " + text);
}

bool Loop::settled() const { return engine_.plans.active.empty() && engine_.plans.resting.empty() && (!last_ || last_->plan.empty()); }

/// Nothing of ours is out in those that are to fall under another rule.
bool Loop::closed() const {
  const auto& closing = engine_.rails.closing;
  if (closing.empty()) return true;
  const PlanState& plans = engine_.plans;
  const auto is_out = [&](Slot s) { return std::binary_search(closing.begin(), closing.end(), plans.standing[s].group_id); };
  return std::none_of(plans.active.begin(), plans.active.end(), is_out) &&
         std::none_of(plans.resting.begin(), plans.resting.end(), [&](const Resting& r) { return is_out(r.slot); });
}

bool Loop::hurrying() const { return (engine_.rails.off && !settled()) || !closed(); }

void Loop::take_commands() {
  for (const Command command : parts_.board.take()) {
    switch (command) {
      case Command::publish: publish(); break;
      case Command::explain: parts_.board.answer(command, explained(parts_.board.to_explain())); break;
      case Command::pause:
      case Command::restore:
        paused_ = true;
        update_off();
        pending_ = command;
        pending_until_ = monotonic_now() + kBackToBase;
        engine_.reads.wake = monotonic_now();
        break;
      case Command::resume: resume(); break;
      case Command::reload: begin_change(newest_config()); break;
    }
  }
}

void Loop::resume() {
  const bool was = std::exchange(paused_, false);
  update_off();
  const char* text = was ? "resumed" : "it was not paused";
  if (parts_.hands.mode() == Mode::off) text = "mode is off: nothing to resume";
  if (off_file_) text = "a file `off` in the run directory keeps everything back: remove it";
  accounting_.event(LogLevel::info, "control", text);
  parts_.board.answer(Command::resume, message(text));
}

void Loop::answer_pending(TimePoint now) {
  if (!pending_ || (!settled() && now < pending_until_)) return;
  std::string text = settled() ? "paused: nothing is lent until resume" : "paused, but not everything is back yet: see the log";
  if (*pending_ == Command::restore && parts_.hands.enforcement() != nullptr) {
    text += "; from the ledger: " + sentence(parts_.hands.enforcement()->restore());
    if (parts_.hands.kernel() != nullptr) parts_.hands.kernel()->reset();
  }
  accounting_.event(LogLevel::info, "control", text);
  parts_.board.answer(*pending_, message(text));
  pending_.reset();
}

}  // namespace headroom
