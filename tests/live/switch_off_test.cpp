// Two hundred leases out, and somebody who wants them back: by the file `off`, and by a ConfigMap that says so.
#include <gtest/gtest.h>

#include "tests/live/behave_fixture.hpp"

namespace headroom::live {
namespace {

/// Limits are so small, by a long period, that all of them together leave a node idle: Koordinator's policy raises them all.
class SwitchOff : public BehaveTest {
 protected:
  static constexpr std::int64_t kQuota = 1'000, kPeriod = 1'000'000;
  const int groups = on_v2() ? 20 : 200;

  SwitchOff() {
    for (int n = 0; n < groups; ++n) {
      auto& step = container(pod(n), n);
      for (ScratchGroup* group : {&pod_at(n), &step}) {
        auto files = group->open();
        must(set_limit(files, microseconds{kQuota}, microseconds{kPeriod}));
      }
      steps.push_back(&step);
      bursts.push_back(std::make_unique<Spinner>(step));
    }
    before = values();
  }
  /// Who is killed has to run once more to die, which takes seconds each under such limits.
  ~SwitchOff() override {
    const char* none = on_v2() ? "max" : "-1";
    for (int n = 0; n < groups; ++n) EXPECT_EQ(foreign_write(pod_at(n).file(CpuFile::quota), none), 0);
    for (const ScratchGroup* step : steps) EXPECT_EQ(foreign_write(step->file(CpuFile::quota), none), 0);
    bursts.clear();
  }

  static std::string text(const std::string& mode) {
    return "version: 1\nmode: " + mode + "\nlisten: 127.0.0.1:0\npolicy: koordinator\ntuning: {sharePoolThresholdPercent: 100}\n" +
           "classes: [{name: step, match: [{path: \"kubepods/**\"}], borrow: {upTo: 2 cores}}]\n";
  }
  /// Of every file that may be ours.
  std::vector<std::string> values() const {
    std::vector<std::string> out;
    for (std::size_t n = 0; n < steps.size(); ++n)
      for (const ScratchGroup* group : {made.at(rel(burstable) + "/pod" + uid(static_cast<int>(n))).get(), steps[n]})
        for (const CpuFile file : {CpuFile::quota, CpuFile::burst}) out.push_back(value(*group, file));
    return out;
  }
  int out() const {
    int raised = 0;
    for (std::size_t n = 0; n < steps.size(); ++n) raised += value(*steps[n], CpuFile::quota) != before[4 * n + 2] ? 1 : 0;
    return raised;
  }
  bool all_out() const {
    return eventually([&] { return out() == groups; }, milliseconds{60'000});
  }
  /// Waits until every file holds what it did before, and tells how long that took.
  void expect_back(const char* what, nanoseconds since, double bar_ms) {
    ASSERT_TRUE(eventually([&] { return out() == 0; }, milliseconds{20'000})) << what << ": " << out() << " are still out";
    const double took = in_ms(now() - since);
    EXPECT_TRUE(eventually([&] { return values() == before; })) << what;
    std::printf("[ measured ] %s with %d leases out: everything back after %.0f ms\n", what, groups, took);
    char line[160];
    std::snprintf(line, sizeof line, "| %s, %d leases out: everything back after | %.0f ms |", what, groups, took);
    figure(line);
    if (sized(false, timed())) {
      EXPECT_LE(took, bar_ms) << what;
    }
  }
  void swap(const std::string& version, const std::string& config) const {
    namespace fs = std::filesystem;
    fs::create_directories(mount + "/" + version);
    std::ofstream(mount + "/" + version + "/headroom.yaml") << config;
    fs::create_directory_symlink(version, mount + "/..data_tmp");
    fs::rename(mount + "/..data_tmp", mount + "/..data");
    if (!fs::is_symlink(mount + "/headroom.yaml")) fs::create_symlink("..data/headroom.yaml", mount + "/headroom.yaml");
  }

  const std::string mount = dir / "mount", off = dir / "run/off";
  std::vector<ScratchGroup*> steps;
  std::vector<std::unique_ptr<Spinner>> bursts;
  std::vector<std::string> before;
};

TEST_F(SwitchOff, PutsTwoHundredLeasesBackAndStaysOff) {
  swap("..2026_1", text("enforce"));
  const std::vector<std::string> more{"--config", mount + "/headroom.yaml"};
  {
    DaemonProcess daemon(dir, root.dir(), "", more);
    ASSERT_TRUE(all_out()) << out() << "\n" << daemon.log();
    std::ofstream(off) << "";
    expect_back("file `off`", now(), 300);   // it is looked for every 100 ms
    EXPECT_TRUE(daemon.shows("/v1/status", "everything goes back to its owner's values until it is gone")) << daemon.get("/v1/status");
    daemon.signal(SIGKILL);
    (void)daemon.exit_code();
  }
  {
    DaemonProcess daemon(dir, root.dir(), "", more);
    ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
    rest(seconds{3});
    EXPECT_EQ(out(), 0) << "still off after a restart";
    std::filesystem::remove(off);
    ASSERT_TRUE(all_out()) << "and on again once it is gone\n" << daemon.log();
    swap("..2026_2", text("off"));
    expect_back("ConfigMap with `mode: off`", now(), 1'200);   // in force within a second, and back within 0.2 s of that
    EXPECT_TRUE(daemon.shows("/v1/status", "\"mode\":\"off\"")) << daemon.get("/v1/status");
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  }
  DaemonProcess daemon(dir, root.dir(), "", more);
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"off\"")) << daemon.log();
  rest(seconds{2});
  EXPECT_EQ(values(), before) << "off stays off";
}

}  // namespace
}  // namespace headroom::live
