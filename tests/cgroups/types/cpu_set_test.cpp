#include "cgroups/types/cpu_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace headroom {
namespace {

TEST(CpuSet, ListsOfRangesAreRead) {
  EXPECT_EQ(parse_cpu_set("0-3,8\n", "x")->to_ulong(), 0x10fU);
  EXPECT_EQ(parse_cpu_set("5", "x")->to_ulong(), 0x20U);
  EXPECT_TRUE(parse_cpu_set("\n", "x")->none()) << "an empty list is an empty set";
  EXPECT_TRUE(parse_cpu_set("1023", "x")->test(1023));
}

TEST(CpuSet, AnythingElseIsRefusedWithItsPlace) {
  for (const auto* text : {"a", "1-", "-1", "3-1", "1,,2", "1,", ",1", "1024", "0-1024", "1 2", "0-3:1/2", "99999999999999999999"}) {
    const auto set = parse_cpu_set(text, "cpuset.cpus of /a");
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().code, Errc::malformed);
    EXPECT_EQ(set.error().where, "cpuset.cpus of /a");
  }
}

TEST(CpuSet, NeighboursAreWrittenAsARange) {
  EXPECT_EQ(format_cpu_set(CpuSet{0x10f}), "0-3,8");
  EXPECT_EQ(format_cpu_set(CpuSet{}), "");
}

RC_GTEST_PROP(CpuSet, WhatIsWrittenIsWhatIsReadBack, ()) {
  CpuSet set;
  for (const auto cpu : *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, kMaxCpus))) set.set(cpu);
  RC_ASSERT(parse_cpu_set(format_cpu_set(set), "x").value() == set);
}

}  // namespace
}  // namespace headroom
