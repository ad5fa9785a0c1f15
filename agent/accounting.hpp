// Counts what ticks do, and tells people what is worth telling: revocations, foreign writes, faults, leases.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/log.hpp"
#include "agent/told.hpp"
#include "engine/tick.hpp"
#include "metrics/model/report.hpp"

namespace headroom {

class Accounting {
 public:
  explicit Accounting(Log& log) : log_(log) {}

  void reading(const ReadPlan& reads) { reads_ += reads.groups.size(); }
  /// After every tick: `engine.outcomes` are those of `result.plan`.
  void ticked(const TickResult& result, const Engine& engine, nanoseconds duration, nanoseconds lateness);
  /// One line in the log and one among the report's events.
  void event(LogLevel level, std::string_view kind, const std::string& text, const LogFields& fields = {});
  void forget_leases() { leases_.clear(); }
  /// A failed write of which the loop says something itself.
  void told_otherwise(const Error& error, TimePoint at) { (void)failed_.news(error, at); }
  /// What somebody else's write and the observation's faults were; called by the source's decorator.
  void noticed(const Sample& sample, const Catalog& catalog);
  /// Writes to units' files of which nothing has been told yet: systemd is asked first whose they are.
  std::vector<FileEvent> take_unit_events() { return std::exchange(unit_events_, {}); }
  void foreign(const FileEvent& event, const std::string& path, const char* writer);
  void fill(Report& report) const;

 private:
  struct Out { LeaseKind kind = LeaseKind::burst; MilliCpu cores; std::string path; std::uint64_t seen = 0; };
  void failed_write(const Outcome& outcome, const Catalog& catalog);
  void forget_old(TimePoint now);
  void follow_blindness(const Sample& sample);
  void follow_leases(const TickResult& result, const Engine& engine);
  void lease_ended(const Out& out, const Reason& why, const Policy& policy, const Catalog& catalog);

  Log& log_;
  std::map<std::string, std::uint64_t> foreign_, revoked_;
  std::map<std::uint64_t, Out> leases_;            ///< by Group::id
  std::map<std::string, TimePoint> told_;          ///< foreign writes of one group within 2 s are one event
  Told failed_;                                    ///< writes that were reported already
  std::uint64_t blind_ = 0;                        ///< observations in a row that failed as a whole
  std::deque<std::string> events_;
  std::vector<FileEvent> unit_events_;
  std::uint64_t ticks_ = 0, reads_ = 0;
  std::array<std::uint64_t, 12> duration_{}, lateness_{};
  double duration_sum_ = 0, lateness_sum_ = 0;
  TimePoint now_, swept_;
};

/// "kubelet", "runtime", "unknown": whose write an event on this group looks like. Of a plain unit systemd itself is asked.
const char* looks_like(const Group& group, const FileEvent& event);

/// Keeps what the loop has to tell of a sample, which tick() consumes.
class NoticingSource final : public Source {
 public:
  explicit NoticingSource(Source& inner, Accounting& accounting) : inner_(inner), accounting_(accounting) {}
  Sample observe(const ReadPlan& reads) override {
    Sample sample = inner_.observe(reads);
    accounting_.noticed(sample, inner_.catalog());
    return sample;
  }
  const Catalog& catalog() const override { return inner_.catalog(); }

 private:
  Source& inner_;
  Accounting& accounting_;
};

}  // namespace headroom
