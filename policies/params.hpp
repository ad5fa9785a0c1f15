// Reads a policy's parameters from the `tuning` map: integers with a range and words, every fault with its place.
#pragma once

#include <cstdint>
#include <span>

#include "policies/policy.hpp"

namespace headroom {

/// Params of a policy without parameters, State of one that remembers nothing.
struct Nothing {};
template <class Archive, Of<Nothing> T>
void fields(Archive&, T&) {}

class ParamReader {
 public:
  ParamReader(const Node& tuning, std::span<const ParamDoc> docs, Faults& faults)
      : tuning_(tuning), docs_(docs), faults_(faults) {}

  /// @return the value of `name`, or `fallback` if it is not given or wrong (then a fault is added).
  std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high, std::int64_t fallback);
  /// The same for one of the words that the parameter's doc lists.
  std::string_view word(std::string_view name, std::string_view fallback);
  /// A fault for every name that the policy does not document.
  void refuse_unknown(std::string_view policy);

 private:
  const Node& tuning_;
  std::span<const ParamDoc> docs_;
  Faults& faults_;
};

}  // namespace headroom
