// From a policy struct to a type-erased Policy. A policy's .cpp ends with HEADROOM_POLICY(identifier, Struct).
#pragma once

#include <span>
#include <utility>

#include "policies/policy.hpp"

namespace headroom {

template <class P>
class TypedPolicy final : public Policy {
 public:
  explicit TypedPolicy(typename P::Params params) : params_(std::move(params)) {}
  std::string_view name() const override { return P::kName; }
  void decide(const Snapshot& snapshot, Desired& out) override { P::decide(snapshot, params_, state_, out); }
  Reason explain(const Snapshot& snapshot, Slot slot) const override {
    return P::explain(snapshot, params_, state_, slot);
  }
  Terms terms(const Snapshot& snapshot, Slot slot) const override { return P::terms(snapshot, params_, state_, slot); }
  void save(ByteWriter& out) const override { out(params_, state_); }
  bool load(ByteReader& in) override {
    in(params_, state_);
    return in.good();
  }
  std::span<const Lease> leases() const override {
    if constexpr (requires { P::leases(state_); }) return P::leases(state_);
    else return {};
  }
  std::vector<Credit> credits() const override {
    if constexpr (requires { P::credits(state_); }) return P::credits(state_);
    else return {};
  }
  void restore([[maybe_unused]] std::span<const Credit> credits) override {
    if constexpr (requires { P::restore(state_, credits); }) P::restore(state_, credits);
  }
  nanoseconds rhythm() const override {
    if constexpr (requires { P::rhythm(params_); }) return P::rhythm(params_);
    else return nanoseconds{0};
  }

 private:
  typename P::Params params_;
  typename P::State state_;
};

/// What the registry knows of a policy.
struct PolicyEntry {
  std::string_view name;
  std::unique_ptr<Policy> (*make)(const Node& tuning, Faults& faults);
  std::span<const ParamDoc> (*docs)();
};

template <class P>
PolicyEntry policy_entry() {
  return {P::kName,
          [](const Node& tuning, Faults& faults) -> std::unique_ptr<Policy> {
            const auto before = faults.size();
            auto params = P::parse(tuning, faults);
            if (faults.size() != before) return nullptr;
            return std::make_unique<TypedPolicy<P>>(std::move(params));
          },
          &P::docs};
}

#define HEADROOM_POLICY(identifier, Struct) \
  PolicyEntry policy_##identifier() { return policy_entry<Struct>(); }

}  // namespace headroom
