// A daemon that may not write goes on watching, and says why once.
#include "agent/denied.hpp"
#include "agent/leftovers.hpp"
#include "agent/loop.hpp"

namespace headroom {

/// After a tick, before its outcomes are told one by one.
void Loop::note_denials(TimePoint now) {
  const KernelSink* kernel = parts_.hands.kernel();
  if (kernel == nullptr) return;
  const Error* denied = all_denied(engine_.outcomes, kernel->counters(), parts_.source.where());
  if (denied == nullptr) return;
  denied_ = *denied;
  for (const Outcome& o : engine_.outcomes)
    if (o.error) accounting_.told_otherwise(*o.error, now);
  engine_.reads.wake = now;
}

/// Two that move the same limits undo each other: while another is there, this one observes.
void Loop::meet(std::string rival) {
  if (rival == rival_) return;
  const bool gone = rival.empty();
  rival_ = std::move(rival);
  if (gone && config_->config.mode == Mode::enforce) begin_change(config_);
}

/// Before a tick: what the model believes is begun anew, and nobody looks at the last tick any more. A reload tries again.
void Loop::go_on_in_observe(TimePoint now) {
  const bool met = !rival_.empty() && parts_.hands.mode() == Mode::enforce;
  if (!denied_ && !met) return;
  const auto result = parts_.hands.observe_instead(met ? "not enforcing: " + rival_ + " moves limits on this node too: turn one of the two off"
                                                       : not_enforcing(*denied_, parts_.source.where()));
  denied_.reset();
  arm(engine_, parts_.hands);
  begin_again(now);
  accounting_.event(LogLevel::error, "mode", parts_.hands.reason() + "; going on in observe; " + sentence(result));
}

}  // namespace headroom
