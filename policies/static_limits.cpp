// Policy `static`: watches, never writes. The yardstick, and what a node gets that wants metrics only.
#include "policies/params.hpp"
#include "policies/registry.hpp"

namespace headroom {

struct StaticNothing {};
template <class Archive, Of<StaticNothing> T>
void fields(Archive&, T&) {}

namespace {

struct StaticLimits {
  static constexpr std::string_view kName = "static";
  using Params = StaticNothing;
  using State = StaticNothing;

  static Params parse(const Node& tuning, Faults& faults) {
    ParamReader reader(tuning, docs(), faults);
    reader.refuse_unknown(kName);
    return {};
  }
  static std::span<const ParamDoc> docs() { return {}; }
  static void decide(const Snapshot&, const Params&, State&, Desired&) {}
  static Reason explain(const Snapshot&, const Params&, const State&, Slot) {
    return Reason{.because = Because::refuse_class};
  }
  static Terms terms(const Snapshot&, const Params&, const State&, Slot) {
    return Terms{.because = Because::refuse_class};
  }
  static std::span<const Lease> leases(const State&) { return {}; }
  static std::vector<Policy::Credit> credits(const State&) { return {}; }
  static void restore(State&, std::span<const Policy::Credit>) {}
};

}  // namespace

HEADROOM_POLICY(static_limits, StaticLimits)

}  // namespace headroom
