// A daemon that may not write goes on watching, and says why once.
#include "agent/denied.hpp"
#include "agent/leftovers.hpp"
#include "agent/loop.hpp"

namespace headroom {

/// After a tick, before its outcomes are told one by one.
void Loop::note_denials(TimePoint now) {
  if (parts_.kernel == nullptr || observing_) return;
  const Error* denied = all_denied(engine_.outcomes, parts_.kernel->counters(), parts_.where);
  if (denied == nullptr) return;
  denied_ = *denied;
  for (const Outcome& o : engine_.outcomes)
    if (o.error) accounting_.told_otherwise(*o.error, now);
  engine_.reads.wake = now;
}

/// Before a tick: what the model believes is begun anew, and nobody looks at the last tick any more.
void Loop::go_on_in_observe(TimePoint now) {
  if (!denied_ || observing_) return;
  observing_ = true;
  parts_.mode = "observe";
  parts_.mode_reason = not_enforcing(*denied_, parts_.where);
  const auto result = parts_.enforcement->restore();   // what can still be taken back; the guard keeps the rest
  parts_.kernel->reset();
  engine_.rails.may_write = false;
  engine_.rails.guard_up = true;   // observe says what it would do with one
  engine_.model.params.observe = true;
  begin_again(now);
  accounting_.event(LogLevel::error, "mode", parts_.mode_reason + "; going on in observe; " + sentence(result));
}

Sink& Loop::sink() { return observing_ ? static_cast<Sink&>(nothing_) : parts_.sink; }

}  // namespace headroom
