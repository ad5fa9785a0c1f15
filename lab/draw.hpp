// Scenarios drawn by seed: load that nobody has chosen.
#pragma once

#include <cstdint>
#include <string>

namespace headroom::lab {

/// One to three kinds of steps in bursts, services of both kinds, now and then a best-effort hog: a scenario `drawn_SEED` as
/// YAML that parse_scenario() takes and whose requests fit on two CPUs. The same for the same seed, everywhere.
std::string draw_scenario(std::uint64_t seed);

}  // namespace headroom::lab
