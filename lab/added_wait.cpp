// What neighbours waited because of an arm, twice: by pairing with static limits, and as its daemon tells it.
#include <cmath>
#include <map>

#include "lab/experiment.hpp"

namespace headroom::lab {

void add_added_wait(Outcomes& out, const std::vector<Arm>& arms) {
  const auto waited = [](const ArmRun& r) { return *r.waited / (r.seconds * static_cast<double>(r.neighbours)); };
  std::map<int, std::pair<double, int>> base;   // by rotation: sum and number of the static arms
  for (const auto& r : out.raw) {
    if (!r.waited || r.neighbours == 0 || !r.arm.starts_with("static")) continue;
    base[r.rotation].first += waited(r);
    ++base[r.rotation].second;
  }
  for (const auto& arm : arms) {
    double truth = 0, told = 0;
    int rotations = 0, tellings = 0;
    for (const auto& r : out.raw) {
      if (r.arm != arm.name || !r.waited || base[r.rotation].second == 0) continue;
      truth += waited(r) - base[r.rotation].first / base[r.rotation].second;
      ++rotations;
      if (!r.harm_told) continue;
      told += *r.harm_told / (r.seconds * static_cast<double>(r.neighbours));
      ++tellings;
    }
    const auto add = [&](const char* name, double sum, int count) {
      if (count > 0) out.findings.push_back({name, "% of wall time", arm.name, 100 * sum / count, {}, Verdict::Says::not_judged});
    };
    if (!arm.name.starts_with("static")) add("neighbours' added wait, against static", truth, rotations);
    add("the same as the daemon tells it", told, tellings);
    if (rotations == 0 || tellings != rotations) continue;   // nothing to hold against each other
    const double apart = 100 * std::abs(told - truth) / rotations, is = 100 * truth / rotations;
    out.values[{arm.name, "harm_apart"}] = apart;
    if (is >= kLeastTruth) out.values[{arm.name, "harm_apart_part"}] = 100 * apart / is;
  }
}

}  // namespace headroom::lab
