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

/// Before a tick: what the model believes is begun anew, and nobody looks at the last tick any more. A reload tries again.
void Loop::go_on_in_observe(TimePoint now) {
  if (!denied_) return;
  const auto result = parts_.hands.observe_instead(not_enforcing(*denied_, parts_.source.where()));
  denied_.reset();
  arm(engine_, parts_.hands);
  begin_again(now);
  accounting_.event(LogLevel::error, "mode", parts_.hands.reason() + "; going on in observe; " + sentence(result));
}

}  // namespace headroom
