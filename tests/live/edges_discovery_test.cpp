// Discovery on the real kernel: what comes, what goes, and who belongs to whom.
#include "tests/live/edges_fixture.hpp"
#include "tests/support/spinner.hpp"

namespace headroom::live {
namespace {

using Discovery = EdgesTest;

TEST_F(Discovery, FindsPodsContainersAndTheirAncestorsAtTheStart) {
  auto& p = pod(1);
  auto& c = container(p, 1);
  make(root, "nobody-asked");
  watch();
  EXPECT_EQ(paths(), (std::vector<std::string>{"", "kubepods", "kubepods/burstable", rel(p), rel(c)}));
  ASSERT_NE(group(c), nullptr);
  EXPECT_EQ(group(c)->parent, slot(p));
  EXPECT_EQ(group(c)->identity.kind, GroupKind::container);
  EXPECT_EQ(group(c)->identity.pod_uid, uid(1));
  EXPECT_EQ(source->catalog().rule_of(*group(c)).name, "steps");
  EXPECT_TRUE(source->catalog().rule_of(*group(c)).borrow.has_value());
  EXPECT_GT(group(c)->cpus.count(), 0u);
  EXPECT_EQ(source->catalog().find(slot(p))->inode, p.open().inode());
}

TEST_F(Discovery, DoesNotLookInsideContainers) {
  auto& c = container(pod(1), 1);
  make(c, "init");
  watch();
  auto& late = make(c, "user.slice");
  look();
  EXPECT_EQ(slot(late), kNoSlot);
  EXPECT_EQ(paths().size(), 5u);
}

TEST_F(Discovery, ReadsANewGroupWholeWithoutBeingAsked) {
  auto& p = pod(1);
  watch();
  look();
  auto& c = container(p, 1);
  limit(c, 50'000);
  const Sample sample = look();
  const Reading* r = reading(sample, slot(c));
  ASSERT_NE(r, nullptr);
  EXPECT_EQ(r->bandwidth, bandwidth(50'000));
  EXPECT_TRUE(r->usage && r->throttle && r->shares && r->populated);
  EXPECT_FALSE(*r->populated);
  EXPECT_GE(sample.at, r->at);
}

TEST_F(Discovery, WhatComesAfterItWasQuietIsFoundAtTheNextLook) {
  auto& p = pod(1);
  watch();
  look();
  auto& c = container(p, 1);
  ReadPlan plan;
  plan.quiet = true;
  look(plan);
  EXPECT_EQ(slot(c), kNoSlot) << "the queue was not asked";
  look();
  EXPECT_NE(slot(c), kNoSlot);
}

TEST_F(Discovery, ThreeHundredContainersComeAndGoWhileWeLook) {
  auto& p = pod(1);
  watch();
  std::set<std::uint64_t> ids;
  for (int n = 0; n < 300; ++n) {
    container(p, n);
    if (n % 3 == 0) look();
    if (n >= 20 && n % 2 == 0) made.erase(rel(p) + "/" + container_id(n - 20));
    for (const auto& g : source->catalog().groups)
      if (g) ids.insert(g->id);
  }
  look();
  std::vector<std::string> expected{"", "kubepods", "kubepods/burstable"};
  for (const auto& [path, scratch] : made) expected.push_back(path);
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(paths(), expected);
  std::set<std::uint64_t> live;
  for (const auto& g : source->catalog().groups) {
    const bool fresh = !g || live.insert(g->id).second;
    EXPECT_TRUE(fresh) << "an id twice";
  }
  while (made.size() > 1) made.erase(std::prev(made.end()));
  look();
  EXPECT_EQ(paths().size(), 4u);
}

TEST_F(Discovery, TheSameNameAgainIsAnotherGroup) {
  auto& p = pod(1);
  container(p, 1);
  watch();
  look();
  const std::string path = rel(p) + "/" + container_id(1);
  const auto id = group(*made[path])->id;
  made.erase(path);
  auto& again = container(p, 1);
  look();
  ASSERT_NE(group(again), nullptr);
  EXPECT_NE(group(again)->id, id);
  EXPECT_EQ(group(again)->inode, again.open().inode());
}

TEST_F(Discovery, AReadOfAGroupThatIsGoneDropsIt) {
  auto& p = pod(1);
  container(p, 1);
  watch();
  look();
  const std::string path = rel(p) + "/" + container_id(1);
  ReadPlan plan;
  plan.groups = {{slot(*made[path]), kReadUsage | kReadBandwidth}};
  made.erase(path);
  const Sample sample = look(plan);
  EXPECT_TRUE(sample.faults.empty());
  EXPECT_FALSE(sample.failed);
  EXPECT_EQ(source->catalog().groups.size() - 1, paths().size());
}

TEST_F(Discovery, ARescanFindsNothingNewWhereInotifyHasToldAll) {
  container(pod(1), 1);
  watch();
  look();
  const auto generation = source->catalog().generation;
  ReadPlan plan;
  plan.rescan = true;
  look(plan);
  EXPECT_EQ(source->catalog().generation, generation);
}

TEST_F(Discovery, ASandboxIsInfrastructureUntilItWorks) {
  auto& p = pod(1);
  auto& sandbox = container(p, 1);
  auto& worker = container(p, 2);
  for (auto* g : {&sandbox, &worker}) must(g->open().write_file(CpuFile::shares, on_v2() ? "1" : "2"));
  limit(worker, 50'000);
  watch();
  look();
  EXPECT_TRUE(group(sandbox)->infrastructure);
  EXPECT_FALSE(group(worker)->infrastructure) << "it has a quota";
  must(sandbox.open().write_file(CpuFile::shares, on_v2() ? "100" : "1024"));
  Spinner busy(sandbox, {.threads = 1, .cpu = -1, .work = milliseconds{400}});
  busy.wait();
  ReadPlan plan;
  plan.groups = {{slot(sandbox), kReadUsage | kReadShares | kReadBandwidth}};
  look(plan);
  EXPECT_FALSE(group(sandbox)->infrastructure);
}

TEST_F(Discovery, OurOwnGroupIsFoundByItsPath) {
  auto& p = pod(1);
  auto& c = container(p, 1);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool found = c.join() && own_group(where().cpu) == rel(c);
    ::_exit(found ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(Discovery, RunDelayGrowsWhileThreadsWaitAndNeverFalls) {
  auto& c = container(pod(1), 1);
  watch(Judge::run_delay);
  Spinner crowd(c, {.threads = 4, .cpu = 0, .work = milliseconds{300}});
  ReadPlan plan;
  plan.groups = {{slot(c), kReadWait}};
  ASSERT_NE(slot(c), kNoSlot);
  look(plan);
  nanoseconds last{0};
  const auto wait = [&] {
    const Sample sample = look(plan);
    const Reading* r = reading(sample, slot(c));
    const nanoseconds seen = r && r->wait ? *r->wait : nanoseconds{-1};
    EXPECT_GE(seen, last);
    return last = seen;
  };
  EXPECT_TRUE(eventually([&] { return wait() > milliseconds{50}; }));
  crowd.stop();
  EXPECT_GE(wait(), milliseconds{50});
}

TEST_F(Discovery, TheBestJudgeIsTakenInPolicysOrder) {
  JudgeSignals all{Signal::present, Signal::present, Signal::present};
  EXPECT_EQ(best_judge(all), Judge::pressure);
  all.pressure = Signal::missing;
  EXPECT_EQ(best_judge(all), Judge::wait_sum);
  all.wait_sum = Signal::missing;
  EXPECT_EQ(best_judge(all), Judge::run_delay);
  EXPECT_EQ(best_judge({}), Judge::none);
}

TEST_F(Discovery, AMirrorWithoutTheProcessesIsNoJudge) {
  if (on_v2() || host().unified.empty()) GTEST_SKIP() << "no mirror here";
  auto& c = container(pod(1), 1);
  watch();
  Spinner inside(c);
  EXPECT_EQ(look_for_signals(where(), source->catalog()).pressure, Signal::present);
  ASSERT_EQ(foreign_write(host().unified + "/cgroup.procs", std::to_string(inside.pid())), 0);
  EXPECT_EQ(look_for_signals(where(), source->catalog()).pressure, Signal::missing);
}

}  // namespace
}  // namespace headroom::live
