// SimNode as Source and Sink: what is asked is answered, what is written is in force or refused whole.
#include "lab/sim/node.hpp"

#include <gtest/gtest.h>

namespace headroom::lab::sim {
namespace {

constexpr microseconds kPeriod{100'000};

Bandwidth limit(int us, int burst = 0) { return {microseconds{us}, kPeriod, microseconds{burst}}; }

class SimNodeTest : public testing::Test {
 protected:
  SimNode node{{.cpus = 2}};
  Slot pod = made("pod"), container = made("pod/c");

  SimNodeTest() {
    set(pod, limit(50'000));
    set(container, limit(50'000));
    (void)node.observe(at(milliseconds{1}));
  }
  Slot made(const std::string& path) { return node.add({path, {}, {}}).value(); }
  void set(Slot slot, const Bandwidth& b) { EXPECT_TRUE(node.kernel().write_limit(slot, {b.quota, b.period, b.burst})); }
  ReadPlan at(nanoseconds later, std::vector<ReadRequest> groups = {}) {
    ReadPlan reads;
    reads.wake = node.now() + later;
    reads.groups = std::move(groups);
    return reads;
  }
  std::vector<Outcome> apply(std::vector<Write> writes, std::vector<Refill> refills = {}) {
    return node.apply({std::move(writes), std::move(refills)}, node.catalog());
  }
  Write quota(Slot slot, int from, int to, std::uint32_t unit = 1) { return {slot, limit(from), limit(to), {}, unit}; }
};

TEST_F(SimNodeTest, ANewGroupIsReadWholeAndAKnownOneAsAsked) {
  const Slot fresh = made("pod/d");
  const auto sample = node.observe(at(milliseconds{10}, {{container, kReadUsage}}));
  ASSERT_EQ(sample.readings.size(), 2U);
  EXPECT_EQ(sample.readings[0].slot, fresh);
  EXPECT_TRUE(sample.readings[0].bandwidth && sample.readings[0].shares && sample.readings[0].populated);
  EXPECT_EQ(sample.readings[1].slot, container);
  EXPECT_TRUE(sample.readings[1].usage);
  EXPECT_FALSE(sample.readings[1].throttle || sample.readings[1].bandwidth || sample.readings[1].wait);
  EXPECT_FALSE(sample.node);
}

TEST_F(SimNodeTest, TimePassesUntilTheWakeAndIsLateAsItIsTold) {
  const TimePoint before = node.now();
  EXPECT_EQ(node.observe(at(milliseconds{10})).at, before + milliseconds{10});
  node.set_lateness(milliseconds{3});
  const auto late = node.observe(at(milliseconds{10}));
  EXPECT_EQ(late.at, before + milliseconds{23});
  EXPECT_EQ(late.lateness, milliseconds{3});
}

TEST_F(SimNodeTest, SomebodyElsesWriteWakesAndIsTold) {
  const TimePoint before = node.now();
  node.at(before + milliseconds{4}, [&] { EXPECT_TRUE(node.foreign_write({container, File::quota, "30000"})); });
  const auto sample = node.observe(at(milliseconds{100}));
  EXPECT_EQ(sample.at, before + milliseconds{4});
  ASSERT_EQ(sample.events.size(), 1U);
  EXPECT_EQ(sample.events[0].what, FileEvent::What::changed);
  EXPECT_EQ(sample.events[0].slot, container);
  ASSERT_EQ(sample.readings.size(), 1U);
  EXPECT_EQ(sample.readings[0].bandwidth, limit(30'000));
}

TEST_F(SimNodeTest, WhatTheKernelRefusesSomebodyElseIsToldAsRefused) {
  EXPECT_FALSE(node.foreign_write({container, File::quota, "60000"})) << "above its parent's";
  const auto sample = node.observe(at(milliseconds{10}));
  ASSERT_EQ(sample.events.size(), 1U);
  EXPECT_EQ(sample.events[0].what, FileEvent::What::refused);
}

TEST_F(SimNodeTest, WritesAreMadeInOrder) {
  const auto done = apply({quota(pod, 50'000, 80'000), quota(container, 50'000, 80'000)});
  ASSERT_EQ(done.size(), 2U);
  for (const auto& one : done) EXPECT_FALSE(one.error);
  EXPECT_EQ(node.bandwidth(container), limit(80'000));
  EXPECT_GT(done[0].cost, nanoseconds{0});
}

TEST_F(SimNodeTest, AUnitIsMadeWholeOrNotAtAll) {
  const auto done = apply({quota(pod, 50'000, 80'000), quota(container, 50'000, 90'000)});
  ASSERT_EQ(done.size(), 2U);
  EXPECT_EQ(done[0].error->code, Errc::rejected) << "undone";
  EXPECT_EQ(done[1].error->code, Errc::rejected) << "above its parent's";
  EXPECT_EQ(node.bandwidth(pod), limit(50'000));
  EXPECT_EQ(node.bandwidth(container), limit(50'000));
}

TEST_F(SimNodeTest, OtherUnitsAreNotTouchedByAFailure) {
  const Slot other = made("other");
  set(other, limit(20'000));
  const auto done = apply({quota(container, 50'000, 60'000, 1), quota(other, 20'000, 30'000, 2)});
  EXPECT_TRUE(done[0].error);
  EXPECT_FALSE(done[1].error);
  EXPECT_EQ(node.bandwidth(other), limit(30'000));
}

TEST_F(SimNodeTest, AForeignValueStands) {
  ASSERT_TRUE(node.foreign_write({container, File::quota, "30000"}));
  const auto done = apply({quota(container, 50'000, 40'000)});
  ASSERT_TRUE(done[0].error);
  EXPECT_EQ(done[0].error->code, Errc::rejected);
  EXPECT_TRUE(done[0].error->detail.starts_with("foreign value 30000"));
  EXPECT_EQ(node.bandwidth(container), limit(30'000));
}

TEST_F(SimNodeTest, TheWayHomeIsNotUndone) {
  apply({quota(pod, 50'000, 80'000), quota(container, 50'000, 80'000)});
  // The pod cannot go below the container; the container's own value is back all the same.
  const auto done = apply({quota(container, 80'000, 50'000), quota(pod, 80'000, 40'000)});
  EXPECT_FALSE(done[0].error);
  EXPECT_TRUE(done[1].error);
  EXPECT_EQ(node.bandwidth(container), limit(50'000));
}

TEST_F(SimNodeTest, ARefillFillsEveryFiniteLevelAndChangesNoValue) {
  Load spin;
  spin.kind = LoadKind::spin;
  spin.threads = 2;
  const auto load = node.loads().add(container, spin, 1);
  node.loads().begin(load, node.kernel().now(), kNever);
  node.pass_until(node.now() + seconds{1});
  const auto before = node.kernel().usage(container);
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(apply({}, {{container, {}}})[0].error);
    node.pass_until(node.now() + milliseconds{10});
  }
  EXPECT_GT(node.kernel().usage(container) - before, milliseconds{380}) << "two cores";
  EXPECT_EQ(node.bandwidth(container), limit(50'000));
  EXPECT_EQ(node.counters().refilling_writes, 40U) << "pod and container";
}

TEST_F(SimNodeTest, AGoneGroupIsGone) {
  node.remove(container);
  EXPECT_EQ(node.catalog().find(container), nullptr);
  EXPECT_EQ(apply({quota(container, 50'000, 60'000)})[0].error->code, Errc::gone);
  EXPECT_EQ(apply({}, {{container, {}}})[0].error->code, Errc::gone);
  EXPECT_TRUE(node.observe(at(milliseconds{10}, {{container, kReadUsage}})).readings.empty());
  EXPECT_EQ(node.find("pod/c"), kNoSlot);
}

TEST_F(SimNodeTest, TheNodeIsReadWithItsCpus) {
  ReadPlan reads = at(milliseconds{100});
  reads.node_usage = reads.node_cpus = reads.node_pressure = true;
  const auto sample = node.observe(reads);
  ASSERT_TRUE(sample.node);
  EXPECT_EQ(sample.node->usage, nanoseconds{0});
  ASSERT_EQ(sample.node->cpus.size(), 2U);
  EXPECT_GE(sample.node->cpus[0].idle, milliseconds{100});
  EXPECT_EQ(sample.node->pressure, 0.0);
}

TEST(SimFiles, TheWayBetweenTwoSettingsIsLegalAtEveryStep) {
  const auto names = [](const std::vector<FileStep>& steps) {
    std::string out;
    for (const auto& s : steps) out += std::string(out.empty() ? "" : " ") + file_name(s.file, Version::v1) + "=" + s.after;
    return out;
  };
  EXPECT_EQ(names(steps_between(limit(50'000, 10'000), limit(20'000, 5'000), Version::v1)),
            "cpu.cfs_burst_us=5000 cpu.cfs_quota_us=20000");
  EXPECT_EQ(names(steps_between(limit(20'000, 0), limit(50'000, 30'000), Version::v1)),
            "cpu.cfs_quota_us=50000 cpu.cfs_burst_us=30000");
  EXPECT_EQ(names(steps_between(Shares{2}, Shares{3}, Version::v1)), "cpu.shares=3");
}

}  // namespace
}  // namespace headroom::lab::sim
