#include "systemd/units.hpp"

#include <gtest/gtest.h>

#include "systemd/journal.hpp"

namespace headroom::systemd {
namespace {

UnitCpu quota_of(std::int64_t per_sec, std::optional<microseconds> period = std::nullopt) {
  UnitCpu cpu;
  cpu.quota_per_sec = microseconds{per_sec};
  cpu.quota_period = period;
  return cpu;
}

Bandwidth limit(std::int64_t quota, std::int64_t period) { return {microseconds{quota}, microseconds{period}, microseconds{0}}; }

// What systemd 252 wrote for these properties.
TEST(OwnBandwidth, IsWhatSystemdWrites) {
  EXPECT_EQ(own_bandwidth(quota_of(200'000)), limit(20'000, 100'000));
  EXPECT_EQ(own_bandwidth(quota_of(290'000)), limit(29'000, 100'000));
  EXPECT_EQ(own_bandwidth(quota_of(4'000'000)), limit(400'000, 100'000));
  EXPECT_EQ(own_bandwidth(quota_of(500'000, microseconds{50'000})), limit(25'000, 50'000));
  EXPECT_EQ(own_bandwidth(quota_of(10'000, microseconds{10'000})), limit(1'000, 100'000)) << "a quota is 1 ms at least: the period grows";
  EXPECT_EQ(own_bandwidth(quota_of(100)), limit(1'000, 1'000'000)) << "and no period is above a second";
  EXPECT_EQ(own_bandwidth(quota_of(500'000, microseconds{100})), limit(1'000, 2'000));
  EXPECT_FALSE(own_bandwidth(UnitCpu{}).quota);
}

TEST(IsGroupOf, TellsUnitsOfOneNameApart) {
  UnitCpu cpu;
  EXPECT_FALSE(is_group_of(cpu, "dflow.slice/step.service")) << "it does not run";
  cpu.group = "/dflow.slice/step.service";
  EXPECT_TRUE(is_group_of(cpu, "dflow.slice/step.service"));
  EXPECT_TRUE(is_group_of(cpu, "step.service")) << "below a root of our own";
  EXPECT_FALSE(is_group_of(cpu, "user.slice/user-1000.slice/user@1000.service/app.slice/step.service")) << "a user's";
  EXPECT_FALSE(is_group_of(cpu, "machine.slice/c1.service/payload/dflow.slice/step.service")) << "a container's";
  EXPECT_FALSE(is_group_of(cpu, "flow.slice/step.service"));
  EXPECT_FALSE(is_group_of(cpu, ""));
}

TEST(OwnShares, FollowTheWeight) {
  UnitCpu cpu;
  EXPECT_EQ(own_shares(cpu, true), Shares{100});
  EXPECT_EQ(own_shares(cpu, false), Shares{1024});
  cpu.weight = 50;
  EXPECT_EQ(own_shares(cpu, true), Shares{50});
  EXPECT_EQ(own_shares(cpu, false), Shares{512});
}

TEST(JournalName, HoldsOnlyWhatAFieldMay) {
  EXPECT_EQ(journal_name("because"), "HEADROOM_BECAUSE");
  EXPECT_EQ(journal_name("looks_like"), "HEADROOM_LOOKS_LIKE");
  EXPECT_EQ(journal_name("run-dir=\n"), "HEADROOM_RUN_DIR__");
}

TEST(UnitBus, SaysWhoIsNotThere) {
  const auto bus = UnitBus::connect("unix:path=/nowhere/bus", [](bool) {});
  ASSERT_FALSE(bus);
  EXPECT_NE(bus.error().detail.find("/nowhere/bus"), std::string::npos) << bus.error().detail;
}

}  // namespace
}  // namespace headroom::systemd
