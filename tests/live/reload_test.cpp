// The configuration of a running daemon: replaced, broken, swapped as a ConfigMap's mount is, asked for by SIGHUP.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "tests/live/daemon_fixture.hpp"

// The sample lies in the program: a guest has no sources.
asm(R"(.pushsection .rodata
.global headroom_invalid_configmap
headroom_invalid_configmap: .incbin ")" HEADROOM_SOURCE_DIR R"(/tests/golden/configmap-headroom-invalid.yaml"
.byte 0
.popsection)");
extern "C" const char headroom_invalid_configmap[];

namespace headroom::live {
namespace {

/// The value of the sample's key headroom.yaml, as kubelet writes it into the mount.
std::string invalid_sample() {
  std::istringstream lines(headroom_invalid_configmap);
  std::string out;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (inside) out += line.substr(std::min<std::size_t>(4, line.size())) + "\n";
    inside = inside || line == "  headroom.yaml: |";
  }
  return out;
}

class ReloadLive : public testing::Test {
 protected:
  ReloadLive() : root_("reload"), work_(root_, "work") {
    EXPECT_EQ(foreign_write(work_.file(CpuFile::quota), on_v2() ? "50000 100000" : "50000"), 0);
    for (const CpuFile f : {CpuFile::quota, CpuFile::period, CpuFile::burst, CpuFile::shares}) before_.push_back(read_line(work_.file(f)));
  }
  static std::string config(const std::string& mode, const std::string& more = "") {
    return "mode: " + mode + "\nlisten: 127.0.0.1:0\nlog: {level: debug}\n" + more;
  }
  static std::string lending(const std::string& mode, const std::string& more = "") {
    return config(mode, "classes: [{name: work, match: [{path: work}], borrow: {upTo: 2 cores, visibility: file}}]\n" + more);
  }
  /// Beside and renamed: what an editor or a careful script does.
  static void replace(const std::string& file, const std::string& text) {
    std::ofstream(file + ".new") << text;
    ASSERT_EQ(std::rename((file + ".new").c_str(), file.c_str()), 0);
  }
  bool lent() const { return read_line(work_.file(CpuFile::quota)) != before_[0]; }
  std::vector<std::string> values() const {
    std::vector<std::string> out;
    for (const CpuFile f : {CpuFile::quota, CpuFile::period, CpuFile::burst, CpuFile::shares}) out.push_back(read_line(work_.file(f)));
    return out;
  }
  bool comes_to_lend() const {
    return eventually([&] { return lent(); }, milliseconds{20'000});
  }
  static bool generation(const DaemonProcess& daemon, int number) {
    return daemon.shows("/v1/status", "\"generation\":" + std::to_string(number) + ",");
  }

  /// A new version of a mounted ConfigMap, as kubelet brings it.
  void swap(const std::string& version, const std::string& text) const {
    namespace fs = std::filesystem;
    fs::create_directories(mount_ + "/" + version);
    std::ofstream(mount_ + "/" + version + "/headroom.yaml") << text;
    std::error_code none;
    const auto old = fs::read_symlink(mount_ + "/..data", none);
    fs::create_directory_symlink(version, mount_ + "/..data_tmp");
    fs::rename(mount_ + "/..data_tmp", mount_ + "/..data");
    if (!fs::is_symlink(mount_ + "/headroom.yaml")) fs::create_symlink("..data/headroom.yaml", mount_ + "/headroom.yaml");
    if (!old.empty()) fs::remove_all(mount_ + "/" + old.string());
  }

  Directory dir_;
  const std::string mount_ = dir_ / "mount";
  ScratchGroup root_, work_;
  std::vector<std::string> before_;
};

TEST_F(ReloadLive, AFileWithFaultsStartsNothingAndSaysAllOfThem) {
  DaemonProcess daemon(dir_, root_.dir(), "mode: enfroce\nlog: {level: loud}\n", {});
  EXPECT_EQ(daemon.exit_code(), 1);
  EXPECT_NE(daemon.log().find("headroom.yaml:1:7: mode: want off | observe | enforce, got \"enfroce\"; did you mean enforce?"), std::string::npos);
  EXPECT_NE(daemon.log().find("headroom.yaml:2:14: log.level: want"), std::string::npos) << daemon.log();
  EXPECT_FALSE(std::filesystem::exists(dir_ / "run") || std::filesystem::exists(dir_ / "state"));
}

TEST_F(ReloadLive, ABadFileLeavesTheLastGoodOneInForceAndTheNextGoodOneIsTakenUp) {
  DaemonProcess daemon(dir_, root_.dir(), lending("enforce"), {});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(comes_to_lend()) << daemon.log();

  replace(dir_ / "headroom.yaml", "mode: off\nclasses:\n  - name: work\n    match: [{path: work}]\n    borrow: {upTo: 8 cpus}\nzzz: 1\n");
  ASSERT_TRUE(daemon.shows("/v1/status", "headroom.yaml:5:20: classes[0].borrow.upTo: want 0.1..64 cores")) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/status", "headroom.yaml:6:1: zzz: unknown key")) << "all at once";
  EXPECT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\""));
  EXPECT_TRUE(daemon.shows("/v1/status", "\"reloadsFailed\":1"));
  EXPECT_TRUE(generation(daemon, 1));
  EXPECT_NE(daemon.log().find("refused, the last good one stays in force: 2 faults"), std::string::npos) << daemon.log();
  EXPECT_TRUE(comes_to_lend()) << "the refused file takes nothing back";

  replace(dir_ / "headroom.yaml", lending("off"));
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"off\"")) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/status", "\"faults\":[]"));
  EXPECT_EQ(values(), before_) << "mode off restores everything";

  replace(dir_ / "headroom.yaml", lending("enforce"));
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  EXPECT_TRUE(comes_to_lend()) << daemon.log();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  EXPECT_EQ(values(), before_);
}

TEST_F(ReloadLive, FromObserveToEnforceAndBackNothingIsLeft) {
  DaemonProcess daemon(dir_, root_.dir(), lending("observe"), {});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"observe\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  for (int round = 0; round < 2; ++round) {
    replace(dir_ / "headroom.yaml", lending("enforce"));
    ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
    ASSERT_TRUE(comes_to_lend()) << daemon.log();
    replace(dir_ / "headroom.yaml", lending("observe"));
    ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"observe\"")) << daemon.log();
    EXPECT_EQ(values(), before_) << daemon.log();
  }
}

TEST_F(ReloadLive, OtherRulesAreThoseOfEveryGroupAtOnceAndWhatTheyDoNotLendGoesBack) {
  DaemonProcess daemon(dir_, root_.dir(), lending("enforce"), {});
  ASSERT_TRUE(daemon.shows("/v1/explain?group=work", "\"class\":\"work\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(comes_to_lend()) << daemon.log();
  replace(dir_ / "headroom.yaml", config("enforce", "classes: [{name: latency, match: [{path: work}]}]\n"));
  ASSERT_TRUE(daemon.shows("/v1/explain?group=work", "\"class\":\"latency\"")) << daemon.log();
  EXPECT_TRUE(eventually([&] { return values() == before_; })) << daemon.log();
  replace(dir_ / "headroom.yaml", config("enforce", "classes: []\n"));
  ASSERT_TRUE(generation(daemon, 3)) << daemon.log();
  EXPECT_TRUE(eventually([&] { return daemon.get("/v1/groups").find("work") == std::string::npos; })) << "no rule watches it any more";
  replace(dir_ / "headroom.yaml", lending("enforce"));
  EXPECT_TRUE(comes_to_lend()) << daemon.log();
}

TEST_F(ReloadLive, AChangeThatDoesNotConcernLeasesLeavesThemOut) {
  DaemonProcess daemon(dir_, root_.dir(), lending("enforce"), {});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(comes_to_lend()) << daemon.log();
  replace(dir_ / "headroom.yaml", lending("enforce", "node: {target: 90%}\ncontract: {addedWait: 2%}\n"));
  ASSERT_TRUE(generation(daemon, 2)) << daemon.log();
  EXPECT_EQ(daemon.log().find("because=end_off"), std::string::npos) << daemon.log();
}

// Nobody but those who fall under another rule gives anything back.
TEST_F(ReloadLive, AnotherClassOfOthersLeavesTheLeaseOut) {
  const ScratchGroup other(root_, "other"), moved(root_, "moved");
  for (const ScratchGroup* group : {&other, &moved}) ASSERT_EQ(foreign_write(group->file(CpuFile::quota), on_v2() ? "20000 100000" : "20000"), 0);
  const std::string base = read_line(other.file(CpuFile::quota));
  // Room for all of them: none is to end for another's sake.
  const auto classes = [](const char* others, const char* first) {
    return config("enforce", std::string("classes: [") + first + "{name: work, match: [{path: work}], borrow: {upTo: 0.7 cores, visibility: file}}, " +
                                 "{name: other, match: [{path: other}, {path: moved}], borrow: {upTo: " + others + " cores, visibility: file}}]\n");
  };
  DaemonProcess daemon(dir_, root_.dir(), classes("0.4", ""), {});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  const Load one{.threads = 1, .cpu = -1, .work = nanoseconds{0}};
  const Spinner a(work_, one), b(other, one), c(moved, one);
  const auto quota = [&](const ScratchGroup& group) { return read_line(group.file(CpuFile::quota)); };
  ASSERT_TRUE(eventually([&] { return lent() && quota(other) != base && quota(moved) != base; }, milliseconds{20'000})) << daemon.log();

  replace(dir_ / "headroom.yaml", classes("0.3", "{name: moved, match: [{path: moved}]}, "));
  ASSERT_TRUE(generation(daemon, 2)) << daemon.log();
  EXPECT_EQ(quota(moved), base) << "it may not borrow any more";
  const std::string log = daemon.log();
  EXPECT_EQ(log.find("group=/work policy=headroom because=end_off"), std::string::npos) << log;
  EXPECT_NE(log.find("group=/other policy=headroom because=end_off"), std::string::npos) << log;
  EXPECT_NE(log.find("group=/moved policy=headroom because=end_off"), std::string::npos) << log;
  const auto at_most = [&] { return std::atol(quota(other).c_str()) == 30'000; };
  EXPECT_TRUE(eventually(at_most, milliseconds{20'000})) << "lent to again, up to its new ceiling: " << quota(other);
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  for (const ScratchGroup* group : {&other, &moved}) EXPECT_EQ(quota(*group), base);
  EXPECT_EQ(values(), before_);
}

TEST_F(ReloadLive, PausedStaysPaused) {
  DaemonProcess daemon(dir_, root_.dir(), lending("enforce"), {});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  EXPECT_NE(daemon.post("/v1/pause").find("paused"), std::string::npos);
  replace(dir_ / "headroom.yaml", lending("enforce", "tuning: {hold: 500}\n"));
  ASSERT_TRUE(generation(daemon, 2)) << daemon.log();
  EXPECT_NE(daemon.get("/v1/status").find("paused: nothing is lent"), std::string::npos);
}

TEST_F(ReloadLive, AMountedConfigMapIsFollowedFromVersionToVersion) {
  swap("..2026_1", lending("observe"));
  DaemonProcess daemon(dir_, root_.dir(), "", {"--config", mount_ + "/headroom.yaml"});
  ASSERT_TRUE(generation(daemon, 1)) << daemon.log();
  swap("..2026_2", lending("observe", "node: {target: 80%}\n"));
  EXPECT_TRUE(generation(daemon, 2)) << daemon.log();
  swap("..2026_3", "mode: enfroce\n");
  EXPECT_TRUE(daemon.shows("/v1/status", "did you mean enforce?")) << daemon.log();
  swap("..2026_4", lending("observe", "node: {target: 70%}\n"));
  EXPECT_TRUE(generation(daemon, 3)) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/config", "target: 70%")) << "and its text is what is told";
}

/// The sample with seven faults, put in place under a daemon that lends. Places and paths: its golden file.
TEST_F(ReloadLive, TheInvalidSampleIsRefusedWholeAndLeasesStayOut) {
  swap("..2026_1", lending("enforce"));
  DaemonProcess daemon(dir_, root_.dir(), "", {"--config", mount_ + "/headroom.yaml"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(comes_to_lend()) << daemon.log();
  swap("..2026_2", invalid_sample());
  ASSERT_TRUE(daemon.shows("/v1/status", "\"reloadsFailed\":1")) << daemon.log();
  const std::string status = daemon.get("/v1/status"), file = mount_ + "/headroom.yaml:";
  for (const char* fault : {"5:13: rollout[1].nodes: ", "7:11: node.target: ", "9:12: contract.adedWait: ",
                            "14:22: classes[0].match[1].dockerName: ", "15:20: classes[0].borrow.upTo: ",
                            "19:10: classes[1].cap: ", "21:40: signals.nodeLabel: "}) {
    EXPECT_NE(status.find(file + fault), std::string::npos) << fault << "\n" << status;
    EXPECT_NE(daemon.log().find(file + fault), std::string::npos) << fault;
  }
  EXPECT_NE(daemon.log().find("refused, the last good one stays in force: 7 faults"), std::string::npos) << daemon.log();
  EXPECT_TRUE(generation(daemon, 1));
  EXPECT_EQ(daemon.log().find("because=end_off"), std::string::npos) << daemon.log();
  EXPECT_TRUE(comes_to_lend()) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/config", "upTo: 2 cores")) << "the text in force is the last good one";
  swap("..2026_3", lending("observe"));
  EXPECT_TRUE(daemon.shows("/v1/status", "\"faults\":[]")) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/status", "\"mode\":\"observe\""));
  EXPECT_EQ(values(), before_);
}

TEST_F(ReloadLive, SighupReadsAgainAndAMissingFileChangesNothing) {
  DaemonProcess daemon(dir_, root_.dir(), lending("observe"), {});
  ASSERT_TRUE(generation(daemon, 1)) << daemon.log();
  daemon.signal(SIGHUP);
  EXPECT_TRUE(daemon.shows("/v1/status", "\"reloadsOk\":1")) << "the same text is no new generation";
  EXPECT_TRUE(generation(daemon, 1));
  std::filesystem::remove(dir_ / "headroom.yaml");
  daemon.signal(SIGHUP);
  EXPECT_TRUE(daemon.shows("/v1/status", "No such file or directory: name a file")) << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/status", "\"mode\":\"observe\""));
}

}  // namespace
}  // namespace headroom::live
