// Every class of system call of cgroups/fs fails in turn under a lending daemon: no tick is lost, it is said once, and
// afterwards everything is known again. HEADROOM_FULL=1 runs every error at every call (tests/evidence/faults.sh).
#include <cmath>

#include "tests/live/faults_fixture.hpp"

namespace headroom::live {
namespace {

/// Where in a new pod the fault sits.
enum class At { pod, container, quota, usage, counters };

struct Place {
  const char* call;
  At at;
};

constexpr Place kPlaces[] = {{"open", At::container},     {"open", At::quota},    {"fstat", At::container},
                             {"stat", At::pod},           {"readdir", At::pod},   {"inotify_add_watch", At::container},
                             {"pread", At::usage},        {"pread", At::quota},   {"pread", At::counters},
                             {"open_rw", At::quota},      {"pwrite", At::quota}};

constexpr int kErrors[] = {EIO, EINTR, kShortRead, EACCES, EROFS, ENODEV};

struct Seen {
  std::uint32_t hits = 0;
  double before = 0, during = 0;             ///< ticks a second
  long failed = 0;                           ///< observations in a row, at the end of the fault
  int said = 0;
  nanoseconds right{-1};                     ///< after the end of the fault
};

class Faults : public FaultTest {
 protected:
  static constexpr milliseconds kWindow{1000};
  static constexpr double kFast = 100;       ///< ticks a second that its clock makes while somebody bursts; events add to them

  /// The suite has time for some only.
  static bool chosen(int error, bool always) { return full() || error == EIO || always; }
  static std::string end_of(At at, int number) {
    const std::string container = "/" + Guest::container_name(number);
    switch (at) {
      case At::pod: return "/" + Guest::pod_name(number);
      case At::container: return container;
      case At::quota: return container + "/" + file_name(CpuFile::quota, on_v2());
      case At::usage: return container + (on_v2() ? "/cpu.stat" : "/cpuacct.usage");
      case At::counters: return container + "/cpu.stat";
    }
    return "";
  }
  static const char* word(At at) {
    switch (at) {
      case At::pod: return "a pod's directory";
      case At::container: return "a container's directory";
      case At::quota: return "its quota";
      case At::usage: return "its usage";
      case At::counters: return "its cpu.stat";
    }
    return "";
  }
  static bool known(const Place& place, int error) { return error != kShortRead || std::strcmp(place.call, "pread") == 0; }

  /// Ticks a second, by this process's clock. The pods that burst keep the fast one running.
  double window(const Daemon& daemon) {
    const long first = ticks(daemon);
    const nanoseconds begin = now();
    rest(kWindow);
    const long made = ticks(daemon) - first;
    return static_cast<double>(made) * 1e9 / static_cast<double>((now() - begin).count());
  }
  /// No tick is lost: as many as the clock makes, or as the machine allowed before the fault, but for noise. The suite runs on
  /// machines that others load meanwhile.
  static void expect_every_tick(const Seen& seen) { EXPECT_GE(seen.during, (full() ? 0.9 : 0.5) * std::min(kFast, seen.before)); }

  /// What has to be said of a fault: nothing of what was survived at once, nor of a group's reads that say it is gone.
  static int wanted(const Place& place, int error) {
    const bool writes = std::strcmp(place.call, "open_rw") == 0 || std::strcmp(place.call, "pwrite") == 0;
    return error == EINTR || error == kShortRead || (error == ENODEV && !writes) ? 0 : 1;
  }

  Seen run(const Daemon& daemon, const Place& place, int error) {
    Seen seen;
    seen.before = window(daemon);
    const std::size_t log = daemon.log().size();
    const int number = next_++;
    arm(place.call, error, Guest::pod_name(number), end_of(place.at, number));
    const Guest guest(node_, number, kQuota);
    seen.during = window(daemon);
    seen.failed = number_of_failed(daemon);
    seen.hits = page_.hits.load();
    disarm();
    const nanoseconds end = now();
    if (eventually([&] { return guest.listed(daemon) && guest.lent(); }, patience())) seen.right = now() - end;
    seen.said = messages(daemon.log(), log);
    return seen;
  }
  static long number_of_failed(const Daemon& daemon) { return number(daemon.get("/v1/status"), "failedTicks"); }

  static void tell(const Place& place, const char* where, int error, const Seen& s) {
    sample("fault|" + std::string(place.call) + "|" + error_name(error) + "|" + where + "|" + std::to_string(s.hits) + "|" +
           std::to_string(s.said) + "|" + std::to_string(std::lround(s.before)) + "|" + std::to_string(std::lround(s.during)) + "|" +
           std::to_string(s.failed) + "|" + std::to_string(s.right.count() / 1'000'000));
  }

  int next_ = 1;
};

TEST_F(Faults, OfOneGroupCostNobodyElseATickAndAreSaidOnce) {
  Daemon daemon(files_, node_, hooked());
  ASSERT_TRUE(lends(daemon)) << daemon.log();
  for (const Place& place : kPlaces)
    for (const int error : kErrors) {
      if (!known(place, error) || !chosen(error, error == kShortRead || (error == EINTR && place.at == At::quota))) continue;
      SCOPED_TRACE(std::string(place.call) + " of " + word(place.at) + ": " + error_name(error));
      const Seen seen = run(daemon, place, error);
      tell(place, word(place.at), error, seen);
      ASSERT_FALSE(daemon.dead()) << daemon.log();
      EXPECT_GT(seen.hits, 0U) << "the fault was never met";
      EXPECT_EQ(seen.failed, 0) << "one group is not the node";
      expect_every_tick(seen);
      EXPECT_EQ(seen.said, wanted(place, error)) << daemon.log();
      EXPECT_GE(seen.right.count(), 0) << "it is known and lent to when the fault is over\n" << daemon.log();
    }
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.reap(), 0) << daemon.log();
  EXPECT_TRUE(node_.all_original()) << node_.what_stands();
}

/// What is read of the node as a whole. Without its use and without events nothing may stay lent.
TEST_F(Faults, OfTheNodeEndLeasesInTimeAndPass) {
  Daemon daemon(files_, node_, hooked());
  const std::string usage = host().top + (on_v2() ? "/cpu.stat" : "/cpuacct.usage");
  const struct { Place place; std::string end; const char* says; bool blinds; } rows[] = {
      {{"pread", At::usage}, usage, "the node's usage", true},
      {{"inotify_read", At::pod}, node_.root_dir(), "the events", true},
      {{"pread", At::counters}, "/proc/stat", "/proc/stat", false},
      {{"pread", At::counters}, "/proc/pressure/cpu", "/proc/pressure/cpu", false}};
  for (const auto& row : rows)
    for (const int error : kErrors) {
      if (!known(row.place, error) || !chosen(error, false)) continue;
      SCOPED_TRACE(std::string(row.place.call) + " of " + row.says + ": " + error_name(error));
      ASSERT_TRUE(lends(daemon)) << daemon.log();
      Seen seen;
      seen.before = window(daemon);
      const std::size_t log = daemon.log().size();
      arm(row.place.call, error, "", row.end);
      rest(milliseconds{500});
      const bool blind = row.blinds && error != EINTR && error != kShortRead;
      if (blind) {
        EXPECT_FALSE(node_.lease_out()) << "lent on what nobody sees\n" << node_.what_stands();
      }
      seen.during = window(daemon);
      seen.failed = number_of_failed(daemon);
      seen.hits = page_.hits.load();
      disarm();
      const nanoseconds end = now();
      if (lends(daemon) && eventually([&] { return number_of_failed(daemon) == 0; }, patience())) seen.right = now() - end;
      seen.said = messages(daemon.log(), log);
      tell(row.place, row.says, error, seen);
      EXPECT_GT(seen.hits, 0U);
      expect_every_tick(seen);
      EXPECT_EQ(seen.said, error == EINTR || error == kShortRead ? 0 : 1) << daemon.log();
      EXPECT_GE(seen.right.count(), 0) << daemon.log();
    }
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.reap(), 0) << daemon.log();
  EXPECT_TRUE(node_.all_original()) << node_.what_stands();
}

}  // namespace
}  // namespace headroom::live
