// The journal: inputs of every tick, its plan, and now and then a copy of the whole state, so that what was decided can
// be decided again and explained. Pure: bytes in, bytes out; agent/recorder.hpp writes them, Replay takes them in.
//
// A segment is kJournalMagic, a checkpoint, ticks (and further checkpoints). A frame is its length and its checksum (4
// bytes each, little endian) and that many bytes. Ticks are told as differences from the tick before.
#pragma once

#include <string>
#include <string_view>

#include "cgroups/types/archive.hpp"
#include "engine/tick.hpp"

namespace headroom {

constexpr std::string_view kJournalMagic = "HRJRN10\n";

/// Inputs and plan of one tick. catalog and rails are as the tick saw them.
struct JournalTick {
  std::uint64_t number = 0;
  Sample sample;
  Catalog catalog;
  Guardrails rails;
  Plan plan;
};

/// What encoder and decoder both remember, so that a tick can be told by what is new.
struct JournalMemory {
  struct Last {
    nanoseconds wait{0};
    ThrottleCounters throttle;
    Bandwidth bandwidth;
    std::uint64_t shares = 0;
  };
  TimePoint at;                  ///< of the sample before
  std::vector<nanoseconds> usage;   ///< by slot: most readings are of nothing else
  std::vector<Last> readings;    ///< by slot
  nanoseconds node_usage{0};
  std::vector<CpuTimes> cpus;
  Plan plan;                     ///< the one before: this tick's outcomes are of it
};

class JournalEncoder {
 public:
  /// Appends the state after tick `number`. The ticks that follow are told from here on.
  void checkpoint(std::uint64_t number, TimePoint at, const Engine& engine, const Catalog& catalog, std::string& out);
  /// Appends a checkpoint that another encoder made. Errors: malformed.
  Result<> checkpoint(std::string_view payload, std::string& out);
  /// Appends a tick.
  void tick(std::uint64_t number, const Sample& sample, const Catalog& catalog, const Guardrails& rails,
            const Plan& plan, std::string& out);

 private:
  void begin(TimePoint at, const Catalog& catalog, const Guardrails& rails);

  JournalMemory memory_;
  Catalog kept_;                 ///< as of the last tick
  Guardrails rails_;             ///< the same
  ByteWriter writer_;
};

/// One segment, frame by frame.
class JournalDecoder {
 public:
  explicit JournalDecoder(std::string_view segment);

  /// torn: the last frame is not whole, as after a crash; what came before stands.
  enum class Found { checkpoint, tick, end, torn, malformed };
  Found next();
  std::string_view checkpoint() const { return payload_; }
  const JournalTick& tick() const { return tick_; }

 private:
  Found read_tick();

  std::string_view rest_, payload_;
  bool journal_ = false;
  JournalMemory memory_;
  JournalTick tick_;
};

/// What a checkpoint restores. Read schedule, desires and outcomes are not part of it: outcomes come with the next tick.
struct Restored {
  std::uint64_t number = 0;
  TimePoint at;
  Catalog catalog;
  Engine engine{ModelState(ModelParams{}), nullptr, {}, {}, {}, {}, {}, {}, {}};
};
/// Errors: malformed.
Result<Restored> restore_checkpoint(std::string_view payload);

/// The bytes of a state, without a frame.
std::string checkpoint_bytes(std::uint64_t number, TimePoint at, const Engine& engine, const Catalog& catalog);

/// The bytes of a plan, for comparing.
std::string plan_bytes(const Plan& plan);

}  // namespace headroom
