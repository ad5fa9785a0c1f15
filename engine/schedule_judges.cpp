#include <algorithm>

#include "engine/schedule_state.hpp"

namespace headroom::scheduling {
namespace {

constexpr std::size_t kMostPerTick = 200;
constexpr std::size_t kBaselineAtOnce = 20;
constexpr std::size_t kLookedAt = 64;    // neighbours considered for the baseline a round
constexpr std::uint32_t kWindows = 100;  // of a baseline (POLICY, harm)
constexpr seconds kRarely{5};
constexpr std::size_t kFew = 100;        // neighbours that are few enough for a second look in every round

std::uint8_t judge_bits(const Context& c) {
  const bool judged = c.now.node.judge != Judge::none;
  return static_cast<std::uint8_t>(kReadUsage | kReadThrottle | (judged ? kReadWait : 0));
}

/// On the wakeups that there are anyway: a phase of its own would add its own to an idle node's.
TimePoint next_multiple(TimePoint at, nanoseconds interval) {
  const TimePoint soon = at + interval / 10;   // a wakeup may come a little before its multiple
  return TimePoint{interval * (soon.time_since_epoch() / interval + 1)};
}

enum class Round { none, all, baseline };

Round round_kind(const Context& c) {
  if (leases_out(c.plans)) return nearly_full(c) ? Round::all : Round::none;
  return c.now.node.judge != Judge::none && c.state.eligible > 0 ? Round::baseline : Round::none;
}

/// Who sleeps is judged when he wakes, and until then his pod is looked at.
void ask_judged(const Context& c, Slot slot, std::uint8_t bits) {
  if (!alive(c, slot)) return;
  if (c.watch(slot).asleep) return ask(c, c.watch(slot).pod, kReadUsage);
  ask(c, slot, bits);
}

/// Up to 200 of the round at this tick, the rest at the next ones.
void run_all(const Context& c) {
  auto& st = c.state;
  const std::size_t n = st.neighbours.size();
  for (std::size_t i = std::min({st.judge_left, kMostPerTick, n}); i > 0; --i) {
    ask_judged(c, st.neighbours[st.judge_cursor++ % n], judge_bits(c));
    --st.judge_left;
  }
  if (n == 0) st.judge_left = 0;
}

/// Between two rounds, so that who wakes is seen in half the time.
void look_between(const Context& c) {
  auto& st = c.state;
  if (c.out.wake + milliseconds{1} < st.look_due || st.neighbours.size() > kFew) return;
  st.look_due = TimePoint::max();
  for (const Slot slot : st.neighbours) ask_judged(c, slot, kReadUsage);
}

/// A neighbour leaves when it has its hundred windows, or its one of every five seconds.
bool done(const Context& c, Slot slot) {
  if (!alive(c, slot) || c.watch(slot).asleep) return true;   // who does not run does not wait
  Watch& w = c.watch(slot);
  const bool enough = c.group(slot).judged_windows >= kWindows && w.judge_reads >= 2;
  const bool throttled_away = w.judge_reads >= 3 * kWindows;  // windows that do not count must not block the others
  if (!enough && !throttled_away) return false;
  w.judge_turn = c.now.at + kRarely;
  w.judge_reads = 0;
  return true;
}

void run_baseline(const Context& c) {
  auto& st = c.state;
  std::erase_if(st.baseline, [&](Slot s) { return done(c, s); });
  const std::size_t n = st.neighbours.size();
  for (std::size_t i = std::min(n, kLookedAt); i > 0 && st.baseline.size() < kBaselineAtOnce; --i) {
    const Slot slot = st.neighbours[st.judge_cursor++ % n];
    const bool waiting = alive(c, slot) && !c.watch(slot).asleep && c.watch(slot).judge_turn <= c.now.at;
    if (waiting && std::find(st.baseline.begin(), st.baseline.end(), slot) == st.baseline.end())
      st.baseline.push_back(slot);
  }
  for (const Slot slot : st.baseline) {
    ++c.watch(slot).judge_reads;
    ask(c, slot, judge_bits(c));
  }
}

}  // namespace

bool nearly_full(const Context& c) { return c.now.node.use_now.value * 10 > std::int64_t{c.now.node.cpus} * 8000; }

TimePoint judge_wake(const Context& c) {
  const Round round = round_kind(c);
  const bool nobody = round == Round::baseline && c.state.baseline.empty();   // whoever is to join it does so at any wakeup
  if (round == Round::none || nobody || c.state.neighbours.empty()) return TimePoint::max();
  return std::max(c.state.judge_due, c.now.at + milliseconds{1});
}

void run_judges(const Context& c) {
  auto& st = c.state;
  const Round round = round_kind(c);
  if (round == Round::none) {
    st.judge_left = 0;
    return;
  }
  const bool due = c.out.wake + milliseconds{1} >= st.judge_due;
  if (due) st.judge_due = next_multiple(c.out.wake, c.params.judge);
  if (round == Round::baseline) {
    if (due) run_baseline(c);
    return;
  }
  if (!due) look_between(c);
  if (due) st.look_due = c.out.wake + c.params.judge / 2;
  if (due && st.judge_left == 0) st.judge_left = st.neighbours.size();
  run_all(c);
}

}  // namespace headroom::scheduling
