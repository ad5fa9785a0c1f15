// Draws that are the same for the same seed with every compiler: equal seeds across arms are part of the method.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom::lab {

/// splitmix64 (Steele, Lea, Flood 2014). The standard's distributions differ between libraries; this does not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform in (0, 1].
  double unit() { return static_cast<double>((next() >> 11) + 1) * 0x1p-53; }
  /// Exponential with this mean: gaps of a Poisson process.
  double exponential(double mean) { return -mean * std::log(unit()); }
  /// Uniform in 0.5..1.5 of the mean: a drawn pause.
  double around(double mean) { return mean * (0.5 + unit()); }

 private:
  std::uint64_t state_;
};

/// Seed of one container's load: depends on the rotation and on who it is, never on the arm.
/// @param who  "pod/replica/container". FNV-1a over it, mixed with base and rotation.
inline std::uint64_t load_seed(std::uint64_t base, int rotation, std::string_view who) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : who) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return Random(h ^ (base * 0x9e3779b97f4a7c15ULL) ^ (static_cast<std::uint64_t>(rotation) << 32)).next();
}

/// Fisher-Yates by seed: the order of the arms in a rotation.
template <class T>
void shuffle(std::vector<T>& items, std::uint64_t seed) {
  Random random(seed);
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.next() % i]);
}

}  // namespace headroom::lab
