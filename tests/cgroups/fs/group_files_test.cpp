// GroupFiles on a fake tree: version differences, and what each errno means. The real kernel's part is in tests/live.
#include <cerrno>
#include <cstring>
#include <limits>

#include "tests/cgroups/fs/fake_tree.hpp"

namespace headroom {
namespace {

// A fault hook is a plain function: what it does is told here.
struct Fault {
  std::string call, file;
  int error = 0;
  int times = 0;
  int asked = 0;
};
Fault fault;

int hook(const char* call, const char* path) {
  if (fault.call != call || !std::string_view(path).ends_with(fault.file)) return 0;
  ++fault.asked;
  return fault.times-- > 0 ? fault.error : 0;
}

class GroupFilesTest : public testing::Test {
 protected:
  FakeTree v1{"v1"}, v2{"v2"};

  void SetUp() override {
    for (FakeTree* tree : {&v1, &v2}) tree->group("pod/c");
    v1.put("pod/c", "cpu.cfs_quota_us", "50000\n");
    v1.put("pod/c", "cpu.cfs_period_us", "100000\n");
    v1.put("pod/c", "cpu.cfs_burst_us", "25000\n");
    v1.put("pod/c", "cpu.shares", "512\n");
    v1.put("pod/c", "cpu.stat", "nr_periods 9\nnr_throttled 3\nthrottled_time 1500000\n");
    v1.put("pod/c", "cpuacct.usage", "123456789\n");
    v2.put("pod/c", "cpu.max", "50000 100000\n");
    v2.put("pod/c", "cpu.max.burst", "25000\n");
    v2.put("pod/c", "cpu.weight", "20\n");
    v2.put("pod/c", "cpu.stat", "usage_usec 123456\nnr_periods 9\nnr_throttled 3\nthrottled_usec 1500\n");
    v2.put("pod/c", "cgroup.events", "populated 1\nfrozen 0\n");
    v2.put("pod/c", "cpu.pressure", "some avg10=1.00 avg60=0.00 avg300=0.00 total=77\n");
    v2.put("pod", "cpuset.cpus.effective", "0-1,4\n");
  }
  void TearDown() override { set_fault_hook(nullptr); }

  static GroupFiles open(const FakeTree& tree, const std::string& path = "pod/c") {
    auto group = GroupFiles::open(tree.where(), path);
    if (!group) throw std::runtime_error(group.error().detail);
    return std::move(*group);
  }
  static void inject(const char* call, const char* file, int error, int times = std::numeric_limits<int>::max()) {
    fault = {call, file, error, times, 0};
    set_fault_hook(hook);
  }
  template <class T>
  static std::optional<Errc> code(const Result<T>& result) {
    return result ? std::nullopt : std::optional(result.error().code);
  }
};

TEST_F(GroupFilesTest, BothVersionsReadTheSameValues) {
  for (const FakeTree* tree : {&v1, &v2}) {
    auto group = open(*tree);
    EXPECT_EQ(group.bandwidth(), (Bandwidth{microseconds{50'000}, microseconds{100'000}, microseconds{25'000}}));
    EXPECT_EQ(group.throttle(), (ThrottleCounters{9, 3, nanoseconds{1'500'000}}));
  }
  EXPECT_EQ(open(v1).usage(), nanoseconds{123'456'789});
  EXPECT_EQ(open(v2).usage(), nanoseconds{123'456'000});
  EXPECT_EQ(open(v1).shares(), Shares{512});
  EXPECT_EQ(open(v2).shares(), Shares{20});
}

TEST_F(GroupFilesTest, WhatIsWrittenIsTheWholeText) {
  auto old = open(v1), young = open(v2);
  ASSERT_TRUE(old.write_file(CpuFile::quota, "70000"));
  ASSERT_TRUE(young.write_file(CpuFile::quota, "70000 200000"));
  EXPECT_EQ(v1.get("pod/c", "cpu.cfs_quota_us"), "70000\n") << "at offset 0, nothing after it";
  EXPECT_EQ(young.bandwidth()->quota, microseconds{70'000});
  EXPECT_EQ(young.read_file(CpuFile::period), "70000 200000") << "one file on v2";
}

TEST_F(GroupFilesTest, AKeptFdReadsWhatIsThereNow) {
  auto group = open(v1);
  EXPECT_EQ(group.shares(), Shares{512});
  v1.put("pod/c", "cpu.shares", "2\n");
  EXPECT_EQ(group.shares(), Shares{2});
}

TEST_F(GroupFilesTest, FilesAreOpenedOnceAndOnlyWrittenOnesForWriting) {
  inject("open_rw", "cpu.shares", 0);
  auto group = open(v1);
  ASSERT_TRUE(group.shares());
  EXPECT_EQ(fault.asked, 0);
  ASSERT_TRUE(group.write_file(CpuFile::shares, "3"));
  ASSERT_TRUE(group.write_file(CpuFile::shares, "4"));
  EXPECT_EQ(fault.asked, 1);
}

TEST_F(GroupFilesTest, NoBurstFileIsABurstOfZero) {
  v1.drop("pod/c", "cpu.cfs_burst_us");
  auto group = open(v1);
  EXPECT_EQ(group.bandwidth()->burst, microseconds{0});
  EXPECT_EQ(code(group.write_file(CpuFile::burst, "0")), Errc::absent);
}

TEST_F(GroupFilesTest, AMissingFileIsAbsentWhileTheGroupIsThereAndGoneAfterwards) {
  v1.drop("pod/c", "cpu.shares");
  auto group = open(v1);
  EXPECT_EQ(code(group.shares()), Errc::absent);
  v1.drop("pod/c", "cgroup.procs");
  EXPECT_EQ(code(group.shares()), Errc::gone);
}

TEST_F(GroupFilesTest, EveryErrnoHasItsMeaningOnReadAndWrite) {
  const std::pair<int, Errc> meanings[] = {
      {ENODEV, Errc::absent},     {EACCES, Errc::denied},   {EPERM, Errc::denied},
      {EROFS, Errc::denied},      {EINVAL, Errc::rejected}, {ERANGE, Errc::rejected},
      {EOPNOTSUPP, Errc::absent}, {EMFILE, Errc::io},       {EIO, Errc::io}};
  for (const auto& [error, meaning] : meanings) {
    for (const char* call : {"open", "pread"}) {
      inject(call, "cpu.shares", error);
      auto group = open(v1);
      EXPECT_EQ(code(group.shares()), meaning) << call << ' ' << std::strerror(error);
    }
    for (const char* call : {"open_rw", "pwrite"}) {
      inject(call, "cpu.shares", error);
      auto group = open(v1);
      EXPECT_EQ(code(group.write_file(CpuFile::shares, "9")), meaning) << call << ' ' << std::strerror(error);
      EXPECT_EQ(v1.get("pod/c", "cpu.shares"), "512\n");
    }
  }
}

TEST_F(GroupFilesTest, AGroupHasGoneOnlyIfItIsNotThereAnyMore) {
  for (const int error : {EACCES, EIO, EMFILE}) {
    auto group = open(v1);
    v1.drop("pod/c", "cpu.shares");
    inject("access", "cgroup.procs", error);
    EXPECT_EQ(code(group.shares()), Errc::absent) << std::strerror(error) << ": it could not be asked";
    v1.put("pod/c", "cpu.shares", "512\n");
    EXPECT_EQ(group.shares(), Shares{512});
  }
  auto group = open(v1);
  inject("pread", "cpu.shares", ENODEV, 1);
  EXPECT_EQ(code(group.shares()), Errc::absent);
  EXPECT_EQ(group.shares(), Shares{512}) << "opened anew";
  v1.drop("pod/c", "cgroup.procs");
  inject("pread", "cpu.shares", ENODEV, 1);
  EXPECT_EQ(code(group.shares()), Errc::gone);
}

TEST_F(GroupFilesTest, AnErrorNamesTheFileAndTheGroup) {
  inject("pread", "cpu.shares", EIO);
  const auto failed = open(v1).shares();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().where, "cpu.shares of /pod/c");
  v1.put("pod/c", "cpu.cfs_quota_us", "a lot\n");
  const auto malformed = open(v1).bandwidth();
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().code, Errc::malformed);
  EXPECT_EQ(malformed.error().where, "cpu.cfs_quota_us of /pod/c");
}

TEST_F(GroupFilesTest, InterruptedCallsAreTriedAgain) {
  for (const char* call : {"open", "pread", "open_rw", "pwrite"}) {
    inject(call, "cpu.shares", EINTR, 3);
    auto group = open(v1);
    EXPECT_TRUE(group.shares()) << call;
    EXPECT_TRUE(group.write_file(CpuFile::shares, "512")) << call;
    EXPECT_GE(fault.asked, 4) << call;
  }
}

TEST_F(GroupFilesTest, OnV2AFileWhoseControllerWasSwitchedOffIsAbsentAndComesBack) {
  auto group = open(v2);
  ASSERT_TRUE(group.shares());
  inject("pread", "cpu.weight", ENODEV, 1);
  EXPECT_EQ(code(group.shares()), Errc::absent);
  EXPECT_EQ(group.shares(), Shares{20}) << "opened anew";
  v2.drop("pod/c", "cgroup.procs");
  inject("pread", "cpu.weight", ENODEV, 1);
  EXPECT_EQ(code(group.shares()), Errc::gone);
}

TEST_F(GroupFilesTest, OnV2MembersAndPressureAreTheGroupsOwn) {
  auto group = open(v2);
  EXPECT_EQ(group.populated(), true);
  EXPECT_EQ(group.pressure(), nanoseconds{77'000});
  v2.put("pod/c", "cgroup.events", "populated 0\nfrozen 0\n");
  EXPECT_EQ(group.populated(), false);
}

TEST_F(GroupFilesTest, OnV1MembersAreJudgedByPidsAndThenByUse) {
  auto group = open(v1);
  EXPECT_EQ(group.populated(), true) << "it has used CPU";
  v1.put("pod/c", "cpuacct.usage", "0\n");
  EXPECT_EQ(group.populated(), false);
  v1.put("pod/c", "pids.current", "1\n");
  EXPECT_EQ(group.populated(), true);
  v1.put("pod/c", "pids.current", "0\n");
  EXPECT_EQ(group.populated(), false);
  EXPECT_EQ(code(group.pressure()), Errc::absent) << "no unified mirror";
}

TEST_F(GroupFilesTest, OnAHybridHostAMirrorThatNobodyWasMovedIntoIsNotBelieved) {
  FakeTree mirror("v2");
  mirror.group("pod/c");
  mirror.put("pod/c", "cgroup.events", "populated 0\n");
  mirror.put("pod/c", "cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
  Hierarchy hybrid = v1.where();
  hybrid.unified = mirror.root();
  auto group = GroupFiles::open(hybrid, "pod/c").value();
  EXPECT_EQ(group.populated(), false) << "nothing else to ask but CPU use, which never goes back";
  EXPECT_EQ(group.pressure(), nanoseconds{5'000});
  v1.put("pod/c", "pids.current", "2\n");
  EXPECT_EQ(group.populated(), true);
  v1.put("pod/c", "pids.current", "0\n");
  mirror.put("pod/c", "cgroup.events", "populated 1\n");
  EXPECT_EQ(group.populated(), true);
}

TEST_F(GroupFilesTest, CpusAreThoseOfTheNearestAncestorThatHasSome) {
  CpuSet wanted;
  for (const std::size_t cpu : {0U, 1U, 4U}) wanted.set(cpu);
  EXPECT_EQ(open(v2).cpus(), wanted);
  v2.put("pod/c", "cpuset.cpus.effective", "\n");
  EXPECT_EQ(open(v2).cpus(), wanted) << "an empty set is nobody's";
  v2.drop("pod", "cpuset.cpus.effective");
  EXPECT_EQ(code(open(v2).cpus()), Errc::absent);
}

TEST_F(GroupFilesTest, OnlyDirectoriesBelowTheRootAreGroups) {
  std::filesystem::create_directory_symlink("/", v1.root() + "/link");
  EXPECT_EQ(code(GroupFiles::open(v1.where(), "pod/nobody")), Errc::gone);
  EXPECT_EQ(code(GroupFiles::open(v1.where(), "../x")), Errc::malformed);
  EXPECT_EQ(code(GroupFiles::open(v1.where(), "pod/../../x")), Errc::malformed);
  EXPECT_EQ(code(GroupFiles::open(v1.where(), "/pod")), Errc::malformed);
  EXPECT_TRUE(code(GroupFiles::open(v1.where(), "link")).has_value());
  EXPECT_TRUE(GroupFiles::open(v1.where(), ""));
  EXPECT_TRUE(GroupFiles::open(v1.where(), "pod"));
}

TEST_F(GroupFilesTest, AScanSurvivesAGroupThatVanishesButNotTheLackOfFds) {
  v1.group("other/d");
  inject("open", "/pod", ENOENT, 1);
  const auto found = scan(v1.where(), nullptr);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 4U) << "root, pod (not looked into), other, other/d";
  inject("open", "/pod", EMFILE, 1);
  EXPECT_EQ(code(scan(v1.where(), nullptr)), Errc::io);
  inject("stat", "", EACCES);
  EXPECT_EQ(code(scan(v1.where(), nullptr)), Errc::denied);
}

TEST_F(GroupFilesTest, AWatchThatCannotBeHadSaysWhatIsShort) {
  auto watcher = Watcher::create(v1.where()).value();
  inject("inotify_add_watch", "/pod", ENOSPC, 1);
  const auto failed = watcher.add("pod");
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().detail.find("max_user_watches"), std::string::npos);
  EXPECT_TRUE(watcher.add("pod"));
}

}  // namespace
}  // namespace headroom
