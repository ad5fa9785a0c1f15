#include "lab/relief.hpp"

namespace headroom::lab {

namespace {

Result<Outcomes> run_kind(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  switch (scenario.kind) {
    case Kind::steady: return run_steady(bench, scenario, options);
    case Kind::greedy: return run_greedy(bench, scenario, options);
    case Kind::startup: return run_startup(bench, scenario, options);
    case Kind::wakeup: return run_wakeup(bench, scenario, options);
    case Kind::runtimes: return run_runtimes(bench, scenario, options);
    case Kind::relief: return run_relief(bench, scenario, options);
    case Kind::workflow: return run_workflow(bench, scenario, options);
  }
  return fail(Errc::malformed, scenario.name, "no such kind");
}

}  // namespace

Result<Outcomes> run_scenario(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  auto out = run_kind(bench, scenario, options);
  if (out) judge(scenario, options, *out);
  return out;
}

}  // namespace headroom::lab
