// Harm to protected neighbours (POLICY.md, rank 1) and the contract's account.
#include "metrics/model/state.hpp"

namespace headroom::model {

void take_wait(ModelState::Impl&, const ModelParams&, const Catalog&, const Reading&) {}
void pass_minutes(ModelState::Impl&, const ModelParams&, TimePoint) {}

}  // namespace headroom::model
