// What may be written with: the mode in force, and all that it takes. Changes hands at a reload.
#pragma once

#include <memory>
#include <string>

#include "agent/enforcement.hpp"
#include "agent/kernel_sink.hpp"
#include "agent/kernel_source.hpp"

namespace headroom {

class Hands {
 public:
  /// All of them outlive it.
  Hands(const Options& options, const Hierarchy& where, Log& log) : options_(options), where_(where), log_(log) {}

  enum class Taken { as_asked, otherwise, lock_held };
  /// Leaves the mode before: what the ledger still knows goes back. Then takes up `wanted`; where enforce cannot be had,
  /// observe instead, with the reason (also where another daemon holds the lock: lock_held). Makes no sink.
  Taken take(Mode wanted);
  /// Enforce that turned out not to be allowed: nothing is written any more but what can still be taken back, and that is
  /// done; for the rest lock, ledger and guard stay until the next take() or leave().
  ledger::RestoreResult observe_instead(std::string reason);
  /// For the mode in force. Before that, sink() writes nothing.
  void make_sink(KernelSource& source);
  /// The end: true if nothing of ours is left.
  bool leave();

  Sink& sink() { return kernel_ ? static_cast<Sink&>(*kernel_) : nothing_; }
  KernelSink* kernel() { return kernel_.get(); }                  ///< nullptr: nothing is written
  const SinkCounters& counters() const { return kernel_ ? kernel_->counters() : counters_; }
  Enforcement* enforcement() { return enforcement_.get(); }       ///< nullptr: nothing may be written
  Mode mode() const { return mode_; }
  /// A file that a person puts into the run directory: while it is there nothing is lent, over restarts too.
  std::string off_file() const { return options_.run_dir + "/off"; }
  const std::string& reason() const { return reason_; }           ///< why it is not the mode asked for
  Capabilities can() const { return enforcement_ ? enforcement_->can() : assumed_capabilities(where_); }

 private:
  const Options& options_;
  const Hierarchy& where_;
  Log& log_;
  Mode mode_ = Mode::observe;
  std::string reason_;
  std::unique_ptr<Enforcement> enforcement_;
  std::unique_ptr<KernelSink> kernel_;
  SinkCounters counters_;   ///< of the sink before
  NullSink nothing_;
};

}  // namespace headroom
