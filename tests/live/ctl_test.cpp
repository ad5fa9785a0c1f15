// headroomctl as its user meets it, beside a daemon that lends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cgroups/ledger/ledger.hpp"
#include "tests/live/daemon_fixture.hpp"
#include "tests/support/run_program.hpp"

namespace headroom::live {
namespace {

using support::Ran;
using testing::HasSubstr;
using testing::Not;

class CtlLive : public testing::Test {
 protected:
  CtlLive() : root_("ctl"), work_(root_, "work") {
    EXPECT_EQ(foreign_write(work_.file(CpuFile::quota), on_v2() ? "50000 100000" : "50000"), 0);
    before_ = read_line(work_.file(CpuFile::quota));
  }
  static std::string beside(const char* program) {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / program;
  }
  std::vector<std::string> words(std::vector<std::string> more) const {
    more.insert(more.begin(), {beside("headroomctl"), "--socket", dir_ / "state/control.sock"});
    return more;
  }
  Ran ctl(std::vector<std::string> more) const { return support::run(words(std::move(more))); }
  static std::string config() {
    return "version: 1\npolicy: headroom\nlisten: 127.0.0.1:0\nnode: {steal: 100%}\nclasses:\n  - name: work\n    match: [{path: \"work\"}]\n"
           "    borrow: {upTo: 2 cores, visibility: file}\n";
  }
  bool lent() const { return read_line(work_.file(CpuFile::quota)) != before_; }

  Directory dir_;
  ScratchGroup root_, work_;
  std::string before_;
};

TEST_F(CtlLive, EveryCommandAnswersInWordsAndInJson) {
  DaemonProcess daemon(dir_, root_.dir(), config(), {"--mode", "enforce"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"status"}, {"top", "-n", "1"}, {"throttled"}, {"explain", "work"}, {"pause"}, {"resume"}, {"restore"}}) {
    const Ran text = ctl(command);
    EXPECT_EQ(text.code, 0) << command[0] << text.err;
    EXPECT_NE(text.out, "") << command[0];
    EXPECT_THAT(text.out, Not(HasSubstr("\x1b"))) << "no colours in a pipe: " << command[0];
    auto json = command;
    json.insert(json.begin(), {"-o", "json"});
    const Ran machine = ctl(json);
    EXPECT_EQ(machine.code, 0) << command[0] << machine.err;
    EXPECT_EQ(machine.out.substr(0, 1), "{") << command[0];
  }
  EXPECT_EQ(ctl({"explain", "nobody"}).code, 1);
  EXPECT_THAT(ctl({"explain", "nobody"}).err, HasSubstr("no group is called"));
}

TEST_F(CtlLive, ColoursAndWidthAreThoseOfTheTerminal) {
  if (::access("/dev/pts/ptmx", F_OK) != 0) GTEST_SKIP() << "no pseudo terminals are mounted";
  DaemonProcess daemon(dir_, root_.dir(), config(), {"--mode", "observe"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"observe\"")) << daemon.log();
  const Ran coloured = support::run_on_terminal(words({"top", "-n", "1"}), 60, 24);
  EXPECT_EQ(coloured.code, 0) << coloured.out;
  EXPECT_THAT(coloured.out, HasSubstr("\x1b[1m"));
  const Ran plain = support::run_on_terminal(words({"top", "-n", "1"}), 60, 24, {{"NO_COLOR", "1"}});
  EXPECT_THAT(plain.out, Not(HasSubstr("\x1b")));
  std::size_t from = 0;
  for (std::size_t end = plain.out.find('\n'); end != std::string::npos; end = plain.out.find('\n', from)) {
    EXPECT_LE(end - from, 60U + 8) << plain.out.substr(from, end - from);   // "…" has three bytes
    from = end + 1;
  }
}

TEST_F(CtlLive, ThrottledFindsTheGroupSaysSinceWhenAndWhatIsDone) {
  DaemonProcess daemon(dir_, root_.dir(), config(), {"--mode", "observe"});   // nothing is written: it stays throttled
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"observe\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(eventually([&] { return ctl({"throttled"}).out.find("work") != std::string::npos; }, milliseconds{20'000}));
  ASSERT_TRUE(daemon.shows("/v1/view", "\"beganSecondsAgo\"")) << daemon.get("/v1/view");
  EXPECT_THAT(ctl({"-o", "json", "throttled"}).out, HasSubstr("\"doing\":\""));
}

TEST_F(CtlLive, PauseIsSeenEverywhereUntilResume) {
  DaemonProcess daemon(dir_, root_.dir(), config(), {"--mode", "enforce"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(eventually([&] { return lent(); }, milliseconds{20'000})) << daemon.log();
  EXPECT_THAT(ctl({"pause"}).out, HasSubstr("paused"));
  EXPECT_EQ(read_line(work_.file(CpuFile::quota)), before_);
  EXPECT_THAT(ctl({"status"}).out, HasSubstr("PAUSED"));
  EXPECT_THAT(ctl({"top", "-n", "1"}).out, HasSubstr("PAUSED"));
  EXPECT_TRUE(eventually([&] { return ctl({"throttled"}).out.find("nothing: paused") != std::string::npos; }, milliseconds{20'000}));
  const Ran doctor = ctl({"doctor", "--run-dir", dir_ / "run", "--cgroup-root", root_.dir()});
  EXPECT_THAT(doctor.out, HasSubstr("paused in mode enforce"));
  EXPECT_EQ(doctor.code, 1) << doctor.out;
  EXPECT_THAT(ctl({"pause"}).out, HasSubstr("paused"));   // twice is once
  EXPECT_THAT(ctl({"resume"}).out, HasSubstr("resumed"));
  EXPECT_THAT(ctl({"status"}).out, Not(HasSubstr("PAUSED")));
  EXPECT_TRUE(eventually([&] { return lent(); }, milliseconds{20'000})) << daemon.log();
  EXPECT_THAT(ctl({"restore"}).out, HasSubstr("nothing is lent"));
  EXPECT_EQ(read_line(work_.file(CpuFile::quota)), before_);
}

TEST_F(CtlLive, DoctorSeesTheLiveDaemonItsGuardAndItsLedger) {
  DaemonProcess daemon(dir_, root_.dir(), config(), {"--mode", "enforce"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  const Ran ran = ctl({"doctor", "--run-dir", dir_ / "run", "--cgroup-root", root_.dir()});
  EXPECT_LE(ran.code, 1) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("headroomd "));
  EXPECT_THAT(ran.out, HasSubstr("a guard stands by"));
  EXPECT_THAT(ran.out, HasSubstr("the daemon has tried it"));
  const std::string status = daemon.get("/v1/status");
  EXPECT_THAT(status, HasSubstr("\"foreignWrites\":{}")) << "looking must not look like writing";
}

TEST_F(CtlLive, DoctorCallsValuesThatNobodyStandsByForAFault) {
  {
    DaemonProcess daemon(dir_, root_.dir(), config(), {"--mode", "enforce", "--no-guard"});
    ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
    daemon.signal(SIGKILL);
    EXPECT_EQ(daemon.exit_code(), -1);
  }
  {   // what such a daemon would have left, had it been allowed to write without a guard
    ledger::Ledger book;
    ASSERT_EQ(book.open((dir_ / "run").c_str()), ledger::Status::ok);
    book.set_v2(on_v2());
    const std::string raised = on_v2() ? "70000 100000" : "70000";
    ASSERT_EQ(book.intend(work_.dir().c_str(), work_.open().inode(), ledger::File::quota, before_.c_str(), raised.c_str()), ledger::Status::ok);
    ASSERT_EQ(foreign_write(work_.file(CpuFile::quota), raised), 0);
  }
  const Ran ran = ctl({"doctor", "--run-dir", dir_ / "run", "--cgroup-root", root_.dir()});
  EXPECT_EQ(ran.code, 3) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("headroomd --restore"));
  const Ran restored = support::run({beside("headroomd"), "--restore", "--run-dir", dir_ / "run"});
  EXPECT_EQ(restored.code, 0) << restored.err;
  EXPECT_THAT(restored.out, HasSubstr("1 put back"));
  EXPECT_EQ(read_line(work_.file(CpuFile::quota)), before_);
  EXPECT_THAT(support::run({beside("headroomd"), "--restore", "--run-dir", dir_ / "run"}).out, HasSubstr("nothing to put back"));
}

TEST_F(CtlLive, LimitsNeedsNoDaemonAndNamesWhoTakesAllItCanGet) {
  const ScratchGroup docker(root_, "docker");
  const ScratchGroup greedy(docker, std::string(64, 'a')), quiet(docker, std::string(64, 'b'));
  const std::string limit = on_v2() ? "20000 100000" : "20000";
  for (const ScratchGroup* group : {&greedy, &quiet}) ASSERT_EQ(foreign_write(group->file(CpuFile::quota), limit), 0);
  EXPECT_THAT(ctl({"limits", "--for", "1s", "--cgroup-root", root_.dir()}).out, HasSubstr("Leave the limits as they are"));
  const Spinner spin(greedy, Load{.threads = 1, .cpu = -1, .work = nanoseconds{0}});
  const Ran text = ctl({"limits", "--for", "4s", "--cgroup-root", root_.dir()});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("Deleting the limits would not do here"));
  EXPECT_THAT(text.out, HasSubstr("docker/aaaa"));
  EXPECT_THAT(text.out, Not(HasSubstr("docker/bbbb"))) << "its limit costs nothing";
  const Ran json = ctl({"-o", "json", "limits", "--for", "4s", "--cgroup-root", root_.dir()});
  EXPECT_THAT(json.out, HasSubstr("\"verdict\":\"keep\""));
  EXPECT_EQ(read_line(greedy.file(CpuFile::quota)), limit) << "it changes nothing";
  EXPECT_EQ(ctl({"limits", "--for", "soon"}).code, 2);
}

TEST_F(CtlLive, TryingWhatTheKernelDoesLeavesNothingBehind) {
  const auto count = [&] {
    const std::filesystem::recursive_directory_iterator all(root_.dir());
    return std::distance(begin(all), end(all));
  };
  const auto before = count();
  const Ran ran = ctl({"doctor", "--try", "--run-dir", dir_ / "run", "--cgroup-root", root_.dir()});
  EXPECT_THAT(ran.out, HasSubstr("(tried)"));
  EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace headroom::live
