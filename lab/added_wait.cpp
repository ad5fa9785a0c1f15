// What neighbours waited because of an arm, twice: by pairing with static limits, and as its daemon tells it.
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
    int rotations = 0;
    for (const auto& r : out.raw) {
      if (r.arm != arm.name || !r.harm_told || !r.waited || base[r.rotation].second == 0) continue;
      truth += waited(r) - base[r.rotation].first / base[r.rotation].second;
      told += *r.harm_told / (r.seconds * static_cast<double>(r.neighbours));
      ++rotations;
    }
    if (rotations == 0) continue;
    out.findings.push_back({"neighbours' added wait, against static", "% of wall time", arm.name, 100 * truth / rotations, {}, Verdict::Says::not_judged});
    out.findings.push_back({"the same as the daemon tells it", "% of wall time", arm.name, 100 * told / rotations, {}, Verdict::Says::not_judged});
  }
}

}  // namespace headroom::lab
