#include "lab/progress.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

namespace headroom::lab {
namespace {

// One bar per program: what a terminal shows is a global thing.
std::int64_t g_started = 0, g_expected = 0, g_told = 0;

std::int64_t expected_ns(const Scenario& scenario, const RunOptions& options) {
  const auto length = length_of(scenario, options);
  const auto one = nanoseconds(length.each + scenario.warmup + seconds{2}).count();
  return one * length.rounds * static_cast<std::int64_t>(options.arms.size());
}

}  // namespace

void plan_progress(const Scenario& scenario, const RunOptions& options) {
  g_started = monotonic_ns();
  g_expected = expected_ns(scenario, options);
}

/// @return whether it is time for another line
static bool due() {
  const auto now = monotonic_ns();
  if (isatty(STDERR_FILENO) == 0 && now - g_told < 10'000'000'000) return false;
  g_told = now;
  return true;
}

static void tell(const std::string& what, std::int64_t seconds_to_go) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  fmt::print(stderr, "{}{}, all done in about {}:{:02}{}", terminal ? "\r\033[K" : "", what, seconds_to_go / 60, seconds_to_go % 60,
             terminal ? "" : "\n");
  std::fflush(stderr);
}

void show_progress(const std::string& what, nanoseconds left) {
  if (!due()) return;
  const auto to_go = std::max<std::int64_t>(g_expected - (monotonic_ns() - g_started), left.count()) / 1'000'000'000;
  tell(fmt::format("{}: {} s", what, left.count() / 1'000'000'000 + 1), to_go);
}

void show_nodes(int done, int all, nanoseconds took) {
  if (done == 0 || !due()) return;
  tell(fmt::format("{} of {} nodes", done, all), took.count() / done * (all - done) / 1'000'000'000);
}

void end_progress() {
  if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\033[K");
}

}  // namespace headroom::lab
