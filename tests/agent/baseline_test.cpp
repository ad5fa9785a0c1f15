// A unit's limit as people write it.
#include "agent/ctl_baseline.hpp"

#include <gtest/gtest.h>

namespace headroom {
namespace {

TEST(CpuQuota, IsInPerCentOfOneCpu) {
  EXPECT_EQ(parse_cpu_quota("40%").value(), 400'000U);
  EXPECT_EQ(parse_cpu_quota("250%").value(), 2'500'000U);
  EXPECT_EQ(parse_cpu_quota("none").value(), UINT64_MAX);
  for (const char* bad : {"", "%", "40", "0%", "-1%", "4.5%", "40 %", "100001%", "99999999999999999999%", "all"}) {
    const auto refused = parse_cpu_quota(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().detail, "want 1%..100000% of one CPU, or none, got \"" + std::string(bad) + "\"");
  }
}

}  // namespace
}  // namespace headroom
