// One daemon a node, and the guard that a daemon starts for itself.
#include <sys/file.h>

#include <thread>

#include "tests/live/guard_fixture.hpp"

namespace headroom::live {
namespace {

class RunLockTest : public testing::Test {
 protected:
  RunLockTest() {
    char name[] = "/run/hr-lock-XXXXXX";
    dir_ = ::mkdtemp(name) == nullptr ? "" : name;
  }
  ~RunLockTest() override { std::filesystem::remove_all(dir_); }
  std::string dir_;
};

TEST_F(RunLockTest, TheSecondIsToldWhoHoldsIt) {
  const auto first = RunLock::acquire(dir_);
  ASSERT_TRUE(first);
  const auto second = RunLock::acquire(dir_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::rejected);
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  for (const std::string& part : {"pid " + std::to_string(::getpid()), std::string(host), std::string("since 20")})
    EXPECT_NE(second.error().detail.find(part), std::string::npos) << second.error().detail;
}

TEST_F(RunLockTest, WaitsForAGuardThatIsJustRestoring) {
  const int guard = ::open((dir_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(guard, LOCK_EX), 0);
  std::thread done([guard] { rest(milliseconds{200}), ::close(guard); });
  EXPECT_TRUE(RunLock::acquire(dir_));
  done.join();
}

TEST_F(RunLockTest, IsFreeAgainWhenItsHolderEnds) {
  { ASSERT_TRUE(RunLock::acquire(dir_)); }
  EXPECT_TRUE(RunLock::acquire(dir_));
}

TEST_F(RunLockTest, NamesTheDirectoryThatIsNotThere) {
  const auto lock = RunLock::acquire(dir_ + "/no");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, Errc::io);
  EXPECT_NE(lock.error().where.find("/no/lock"), std::string::npos);
}

class OwnGuardTest : public GuardTest {
 protected:
  pid_t guard_pid() { return static_cast<pid_t>(header().guard_pid.load()); }
  bool guard_lives() { return header().guard_beat.load() != 0; }
};

TEST_F(OwnGuardTest, SigtermEndsTheGuardAndTouchesNothing) {
  start_guard_process();
  start_writer([](Writer& w, Shared& s) {
    s.ready = lend_all(w) ? 1 : 2;
    for (;;) w.beat(), rest(milliseconds{20});
  });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  ASSERT_TRUE(guard_shows_itself());
  const std::string before = what_stands();
  ::kill(guard_, SIGTERM);
  int status = -1;
  ASSERT_EQ(::waitpid(guard_, &status, 0), guard_);
  guard_ = -1;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_FALSE(guard_lives());
  EXPECT_EQ(what_stands(), before);
  EXPECT_EQ(ledger::restore(run_dir_.c_str(), false).restored, targets_.size());
}

TEST_F(OwnGuardTest, ADaemonsOwnGuardEndsWhereTheRunDirectoryIsNoMore) {
  const std::string dir = run_dir_ + "-gone";
  std::filesystem::create_directories(dir);
  ledger::Ledger book;
  ASSERT_EQ(book.open(dir.c_str()), ledger::Status::ok);
  pid_t daemon = ::fork();
  if (daemon == 0) ::_exit(start_guard(guard_binary(), dir) ? 0 : 5);   // and is dead
  int status = -1;
  ASSERT_EQ(::waitpid(daemon, &status, 0), daemon);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  ASSERT_TRUE(eventually([&] { return book.guard_alive(now().count()); }));
  std::filesystem::remove_all(dir);
  EXPECT_TRUE(eventually([&] { return !book.guard_alive(now().count()); }));   // its last sign of life is a second old at most
}

TEST_F(OwnGuardTest, ADaemonsOwnGuardOutlivesItRestoresAndEnds) {
  int kept[2];
  ASSERT_EQ(::pipe(kept), 0);  // inherited by whoever is not careful
  start_writer([&](Writer& w, Shared& s) {
    if (!start_guard(guard_binary(), run_dir_)) ::_exit(5);
    while (!w.ledger().guard_alive(now().count())) rest(milliseconds{2});
    s.ready = lend_all(w) ? 1 : 2;
    for (;;) w.beat(), rest(milliseconds{20});
  });
  ::close(kept[1]);
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  EXPECT_EQ(::getsid(guard_pid()), guard_pid()) << "a session of its own: Ctrl-C spares it";
  stop(writer_);
  EXPECT_TRUE(eventually([&] { return all_original(); })) << what_stands();
  char byte;
  EXPECT_EQ(::read(kept[0], &byte, 1), 0) << "the guard holds no fd of the daemon";
  ::close(kept[0]);
  EXPECT_TRUE(eventually([&] { return !guard_lives(); }));
}

TEST_F(OwnGuardTest, ADaemonsOwnGuardEndsWithADaemonThatNeverLent) {
  start_writer([&](Writer& w, Shared& s) {
    w.ledger().set_armed(false);
    if (!start_guard(guard_binary(), run_dir_)) ::_exit(5);
    while (!w.ledger().guard_alive(now().count())) rest(milliseconds{2});
    s.ready = 1;
    for (;;) rest(milliseconds{20});
  });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  EXPECT_TRUE(guard_lives());
  stop(writer_);
  EXPECT_TRUE(eventually([&] { return !guard_lives(); }));
}

TEST_F(OwnGuardTest, AProgramThatIsNotThereIsNamed) {
  const auto started = start_guard("/no/headroom-guard", run_dir_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::absent);
  EXPECT_EQ(started.error().where, "/no/headroom-guard");
}

}  // namespace
}  // namespace headroom::live
