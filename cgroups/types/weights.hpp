// The two units of a group's weight, told into each other. For judging what somebody meant, never for writing: a second
// formula is in the field (runc since 1.3.2).
#pragma once

#include <algorithm>
#include <optional>

#include "cgroups/types/units.hpp"

namespace headroom {

/// v2 cpu.weight of v1 shares. nullopt: 0, which says nothing. Clamped to 2..262144 as the kernel does.
/// Formula: 1 + (shares - 2) * 9999 / 262142. Source: KEP-2254.
constexpr std::optional<Shares> weight_from_shares(Shares shares) {
  if (shares.value == 0) return std::nullopt;
  const std::uint64_t v = std::clamp<std::uint64_t>(shares.value, 2, 262'144);
  return Shares{1 + (v - 2) * 9999 / 262'142};
}

/// v1 shares of a v2 weight; 0 (cpu.idle) counts as 1.
/// Formula: 2 + (weight - 1) * 262142 / 9999, its inverse.
constexpr Shares shares_from_weight(Shares weight) {
  const std::uint64_t w = std::max<std::uint64_t>(weight.value, 1);
  return Shares{2 + (w - 1) * 262'142 / 9999};
}

}  // namespace headroom
