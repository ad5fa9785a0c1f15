// Autothrottle's Captain as a function of plain values. Source: microsoft/autothrottle d237d7f, worker-daemon.py; the
// symbols are docs/policies/captain.md's. No ceiling and no floor but its own: that is the policy's last step.
#pragma once

#include <array>
#include <cstdint>

#include "cgroups/types/archive.hpp"

namespace headroom::autothrottle {

constexpr std::size_t kDecide = 10, kHistory = 50;   ///< samples

struct Captain {
  std::array<double, kDecide> throttled{};   ///< rings; zeros until they are full
  std::array<double, kHistory> used{};
  std::uint32_t samples = 0;                 ///< in all, modulo kHistory: where the rings stand
  double limit = 0, before = 0;              ///< cores; before: at the last decision
  double margin = 3;
  bool shrunk = false;                       ///< at the last decision
};

enum class Move { none, up, down, rollback, rollback_and_up, rollback_and_down };

/// One sample of 100 ms. @param throttled  throttled periods of those that elapsed, 0..1
/// @param used  cores  @param target  throttled share aimed at, 0..1
Move sample(Captain& captain, double target, double throttled, double used);

template <class Archive, Of<Captain> T>
void fields(Archive& a, T& v) {
  auto& [throttled, used, samples, limit, before, margin, shrunk] = v;
  a(throttled, used, samples, limit, before, margin, shrunk);
}

}  // namespace headroom::autothrottle
