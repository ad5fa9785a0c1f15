// What was written, how it ended and what it cost; for the report.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cgroups/fs/tree.hpp"
#include "cgroups/types/plan.hpp"
#include "metrics/model/report.hpp"

namespace headroom {

enum class WriteResult { ok, foreign, rejected, gone, denied, io };
WriteResult result_of(Errc code);
const char* word(WriteKind kind);   ///< as in the label `kind`

class SinkCounters {
 public:
  /// @param cost  wall time of the syscalls
  void count(CpuFile file, WriteKind kind, WriteResult result, nanoseconds cost);

  std::vector<WriteCount> writes() const;                              ///< those that are not 0
  std::vector<std::pair<std::string, double>> cost_seconds() const;    ///< by file, all kinds
  double refill_cost_seconds() const;
  /// Mean wall time of one refilling write; nullopt before the first.
  std::optional<nanoseconds> mean_refill_cost() const;
  std::uint64_t succeeded() const;                                     ///< pwrites that the kernel took, of this sink
  std::uint64_t total() const;                                         ///< pwrites, also those that failed
  /// For the next sink: the sums, of which nothing succeeded in its own time.
  SinkCounters carried_on() const;

 private:
  std::uint64_t all_succeeded() const;

  static constexpr std::size_t kFiles = 4, kKinds = 3, kResults = 6;
  std::array<std::array<std::array<std::uint64_t, kResults>, kKinds>, kFiles> counts_{};
  std::array<nanoseconds, kFiles> cost_{};
  nanoseconds refill_cost_{0};
  std::uint64_t refills_ = 0, succeeded_before_ = 0;
};

}  // namespace headroom
