// The sampler on a directory that looks like a cgroup tree: what it reads, when, and what ends it.
#include "lab/sampler.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/cgroups/fs/fake_tree.hpp"

namespace headroom::lab {
namespace {

constexpr std::int64_t kMs = 1'000'000;

class Sampler : public testing::TestWithParam<const char*> {
 protected:
  FakeTree tree{GetParam()};
  bool v2 = std::string(GetParam()) == "v2";
  std::string quota_file = v2 ? "cpu.max" : "cpu.cfs_quota_us";

  void SetUp() override {
    tree.group("c");
    tree.put("c", "cpu.cfs_quota_us", "50000\n");
    tree.put("c", "cpu.cfs_period_us", "100000\n");
    tree.put("c", "cpu.max", "50000 100000\n");
    tree.put("c", "cpuacct.usage", "7000000\n");
    tree.put("c", "cpu.stat", v2 ? "usage_usec 7000\nnr_periods 9\nnr_throttled 3\nthrottled_usec 1500\n"
                                 : "nr_periods 9\nnr_throttled 3\nthrottled_time 1500000\n");
  }

  std::vector<SampleTarget> target() {
    auto files = GroupFiles::open(tree.where(), "c");
    EXPECT_TRUE(files);
    std::vector<SampleTarget> out;
    out.push_back({"step/0/main", std::move(*files), 0.5});
    return out;
  }

  /// In place and in one write, as a kernel's file changes: never empty in between.
  void overwrite(const std::string& file, const std::string& text) {
    std::fstream out(tree.root() + "/c/" + file, std::ios::in | std::ios::out);
    out << text << std::flush;
  }
};

TEST_P(Sampler, SeesTheQuotaMoveAndTheTimePass) {
  const auto from = monotonic_ns();
  const auto sampler = TimelineSampler::start(target(), "a", from, from + 400 * kMs);
  std::this_thread::sleep_for(milliseconds{150});
  overwrite(quota_file, "90000");
  std::this_thread::sleep_for(milliseconds{300});
  const auto seen = sampler->finish();
  ASSERT_EQ(seen.size(), 1u);
  const auto& t = seen[0];
  EXPECT_EQ(t.arm, "a");
  EXPECT_EQ(t.group, "step/0/main");
  EXPECT_EQ(t.base_cores, 0.5);
  ASSERT_GE(t.t_s.size(), 3u);          // twenty on an idle machine
  EXPECT_LE(t.t_s.size(), 21u);
  EXPECT_EQ(t.quota_cores.back(), 0.9);
  EXPECT_EQ(t.usage_cores.back(), 0);   // the counters stand still
  EXPECT_LT(t.sampler_cpu, 0.5);
}

TEST_P(Sampler, EndsWithItsGroupAndWithoutOneIsEmpty) {
  const auto from = monotonic_ns();
  const auto sampler = TimelineSampler::start(target(), "a", from, from + 10'000 * kMs);
  std::this_thread::sleep_for(milliseconds{60});
  overwrite("cpu.stat", "nonsense");
  const auto seen = sampler->finish();
  EXPECT_LT(monotonic_ns() - from, 5'000 * kMs);
  EXPECT_LE(seen.size(), 1u);
  EXPECT_TRUE(TimelineSampler::start({}, "a", from, from)->finish().empty());
}

INSTANTIATE_TEST_SUITE_P(BothVersions, Sampler, testing::Values("v1", "v2"), [](const auto& of) { return std::string(of.param); });

}  // namespace
}  // namespace headroom::lab
