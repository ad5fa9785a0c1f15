// Policy `static`: watches, never writes. The yardstick, and what a node gets that wants metrics only.
#include "policies/params.hpp"
#include "policies/registry.hpp"

namespace headroom {
namespace {

struct StaticLimits {
  static constexpr std::string_view kName = "static";
  using Params = Nothing;
  using State = Nothing;

  static Params parse(const Node& tuning, Faults& faults) {
    ParamReader reader(tuning, docs(), faults);
    reader.refuse_unknown(kName);
    return {};
  }
  static std::span<const ParamDoc> docs() { return {}; }
  static void decide(const Snapshot&, const Params&, State&, Desired&) {}
  static Reason explain(const Snapshot&, const Params&, const State&, Slot) {
    return Reason{.because = Because::refuse_class, .bar = Bar::watch_only};
  }
  static Terms terms(const Snapshot&, const Params&, const State&, Slot) {
    return Terms{.because = Because::refuse_class};
  }
};

}  // namespace

HEADROOM_POLICY(static_limits, StaticLimits)

}  // namespace headroom
