// The bare `pread`s of a schedule: what reading alone costs, made by a process of its own at the recorded times.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "cgroups/types/result.hpp"
#include "cgroups/types/units.hpp"

namespace headroom::lab {

/// What a daemon read, and when: from headroomd-hooked with HEADROOM_READ_LOG.
struct RecordedReads {
  struct Read {
    nanoseconds at{0};          ///< from the begin of the stretch
    std::uint32_t file = 0;     ///< index into files
  };
  std::vector<std::string> files;
  std::vector<Read> reads;      ///< by time
  nanoseconds length{0};
};

/// The last `length` of a log. Errors: absent, malformed (names the line), io (the log is shorter than that).
Result<RecordedReads> load_reads(const std::string& file, nanoseconds length);

/// Reads them again and again at the recorded distances, every file by a kept fd, while it is on. Nothing is parsed,
/// nothing decided. A forked child, so that its CPU time is told by the kernel.
class BareReader {
 public:
  /// Errors: io (fork, or files cannot be opened).
  static Result<BareReader> start(const RecordedReads& reads);
  BareReader(BareReader&& other) noexcept;
  BareReader& operator=(BareReader&&) = delete;
  ~BareReader();

  void turn_on() { page_->on = 1; }
  void turn_off() { page_->on = 0; }
  std::uint64_t reads_made() const { return page_->reads; }
  pid_t pid() const { return pid_; }

 private:
  struct Page {
    std::atomic<int> on{0}, ready{0};
    std::atomic<std::uint64_t> reads{0};
  };
  BareReader() = default;
  [[noreturn]] static void run(const RecordedReads& reads, Page& page);

  Page* page_ = nullptr;
  pid_t pid_ = -1;
};

}  // namespace headroom::lab
