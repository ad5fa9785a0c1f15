#include "policies/captain_law.hpp"

#include <algorithm>
#include <cmath>

namespace headroom::autothrottle {
namespace {

constexpr double kTolerance = 3, kShrinkFrom = 0.9, kShrinkTo = 0.5, kFloor = 0.01;

template <std::size_t N>
double mean(const std::array<double, N>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(N);
}

/// Of a sample, so over N - 1.
template <std::size_t N>
double deviation(const std::array<double, N>& values) {
  const double middle = mean(values);
  double sum = 0;
  for (const double v : values) sum += (v - middle) * (v - middle);
  return std::sqrt(sum / static_cast<double>(N - 1));
}

/// Undoes the shrinking and adds as much again.
bool roll_back(Captain& c, double target) {
  const double share = mean(c.throttled);
  if (!c.shrunk || share <= kTolerance * target) return false;
  c.limit = c.before + (c.before - c.limit);
  c.margin += share - target;
  c.throttled.fill(0);
  c.shrunk = false;
  return true;
}

Move decide(Captain& c, double target) {
  Move move = Move::none;
  const double share = mean(c.throttled);
  c.before = c.limit;
  c.margin = std::max(0.0, c.margin + share - target);
  c.shrunk = false;
  if (share > kTolerance * target) {
    c.limit *= 1 + (share - kTolerance * target);
    move = Move::up;
  } else {
    const double proposal = *std::max_element(c.used.begin(), c.used.end()) + c.margin * deviation(c.used);
    if (proposal <= kShrinkFrom * c.limit) {
      c.limit = std::max(kShrinkTo * c.limit, proposal);
      c.shrunk = true;
      move = Move::down;
    }
  }
  c.throttled.fill(0);
  c.limit = std::max(kFloor, c.limit);
  return move;
}

Move after_rollback(Move move) {
  switch (move) {
    case Move::up: return Move::rollback_and_up;
    case Move::down: return Move::rollback_and_down;
    case Move::none: case Move::rollback: case Move::rollback_and_up: case Move::rollback_and_down: break;
  }
  return Move::rollback;
}

}  // namespace

Move sample(Captain& c, double target, double throttled, double used) {
  c.throttled[c.samples % kDecide] = throttled;
  c.used[c.samples % kHistory] = used;
  c.samples = (c.samples + 1) % kHistory;
  const bool rolled = roll_back(c, target);
  const Move move = c.samples % kDecide == 0 ? decide(c, target) : Move::none;
  return rolled ? after_rollback(move) : move;
}

}  // namespace headroom::autothrottle
