// Whether the thread that writes is alive, as the guard asks the kernel.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <thread>

#include "cgroups/ledger/layout.hpp"
#include "tests/cgroups/ledger/fake_groups.hpp"

namespace headroom::ledger {
namespace {

/// A writer in a process of its own. It closes its ledger when it is told to, and lives on.
struct Writer {
  pid_t pid = -1;
  int orders = -1, answers = -1;
  explicit Writer(const char* run_dir) {
    int down[2], up[2];
    if (::pipe(down) != 0 || ::pipe(up) != 0) return;
    pid = ::fork();
    if (pid == 0) {
      Ledger ledger;
      char byte = ledger.open(run_dir) == Status::ok ? 'o' : '?';
      if (::write(up[1], &byte, 1) == 1 && ::read(down[0], &byte, 1) == 1) ledger.close();
      for (;;) ::pause();
    }
    ::close(down[0]), ::close(up[1]);
    orders = down[1], answers = up[0];
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    end();
    ::close(orders), ::close(answers);
  }
  bool is_open() const {
    char byte = 0;
    return ::read(answers, &byte, 1) == 1 && byte == 'o';
  }
  void close_ledger() const { ASSERT_EQ(::write(orders, "c", 1), 1); }
  void end() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = -1;
  }
};

struct LedgerWriter : testing::Test {
  FakeGroups fake;
  Image* image = nullptr;
  void SetUp() override {
    Ledger made;
    ASSERT_EQ(made.open(fake.run_dir()), Status::ok);
    ASSERT_EQ(map_image(fake.run_dir(), Missing::fail, image), Status::ok);
  }
  void TearDown() override { unmap_image(image); }
  /// As a guard that has seen the file change.
  void map_again() {
    unmap_image(image);
    ASSERT_EQ(map_image(fake.run_dir(), Missing::fail, image), Status::ok);
  }
  std::future<bool> wait_for_its_end() {
    return std::async(std::launch::async, [this] {
      const bool died = wait_for_end_of_writer(image->header);
      if (died) end_writing(image->header);
      return died;
    });
  }
};

TEST_F(LedgerWriter, IsDeadWhenKilledAndNotBefore) {
  for (int i = 0; i < 20; ++i) {
    Writer writer(fake.run_dir());
    ASSERT_TRUE(writer.is_open());
    auto died = wait_for_its_end();
    if (i % 2 == 0) ::kill(writer.pid, SIGSTOP);
    EXPECT_EQ(died.wait_for(std::chrono::milliseconds{10}), std::future_status::timeout) << "it lives";
    ::kill(writer.pid, SIGKILL);   // nobody reaps it: a zombie is dead
    EXPECT_TRUE(died.get());
  }
}

TEST_F(LedgerWriter, WhoHasClosedItsLedgerIsNotDead) {
  const Writer writer(fake.run_dir());
  ASSERT_TRUE(writer.is_open());
  auto died = wait_for_its_end();
  writer.close_ledger();
  EXPECT_FALSE(died.get());
}

TEST_F(LedgerWriter, ASuccessorWaitsForWhoPutsBackAndForNobodyElse) {
  {
    Writer writer(fake.run_dir());
    ASSERT_TRUE(writer.is_open());
    writer.end();
  }
  std::promise<void> found;
  std::atomic<bool> put_back = false;
  std::thread guard([&] {
    EXPECT_TRUE(wait_for_end_of_writer(image->header));
    found.set_value();
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    put_back = true;
    end_writing(image->header);
  });
  found.get_future().wait();
  Ledger successor;
  EXPECT_EQ(successor.open(fake.run_dir()), Status::ok);
  EXPECT_TRUE(put_back);
  guard.join();
}

// A mutex may not be made anew where somebody holds it or waits for it: the successor opens another file, with the same rows.
TEST_F(LedgerWriter, ADamagedMutexCostsNoRow) {
  fake.add("a");
  for (const int byte : {0x00, 0x01, 0x20, 0x7f, 0xff}) {
    {
      Ledger ledger;
      ASSERT_EQ(ledger.open(fake.run_dir()), Status::ok) << byte;
      ASSERT_EQ(fake.set(ledger, "a", File::quota, "200000"), Status::ok) << byte;
    }
    map_again();
    std::memset(static_cast<void*>(&image->header.writing), byte, sizeof image->header.writing);
    EXPECT_FALSE(wait_for_end_of_writer(image->header)) << byte;
    Writer writer(fake.run_dir());
    ASSERT_TRUE(writer.is_open()) << byte;
    map_again();
    EXPECT_EQ(image->header.live.load(), 1u) << byte;
    auto died = wait_for_its_end();
    writer.end();
    EXPECT_TRUE(died.get()) << byte;
  }
}

TEST_F(LedgerWriter, ASuccessorDoesNotWaitForeverForWhoPutsBack) {
  Image* held = nullptr;
  ASSERT_EQ(map_image(fake.run_dir(), Missing::fail, held), Status::ok);
  {
    Writer writer(fake.run_dir());
    ASSERT_TRUE(writer.is_open());
    writer.end();
  }
  ASSERT_TRUE(wait_for_end_of_writer(held->header)) << "a guard, which then stands still";
  Writer successor(fake.run_dir());
  ASSERT_TRUE(successor.is_open());
  map_again();
  auto died = wait_for_its_end();
  end_writing(held->header);
  EXPECT_EQ(died.wait_for(std::chrono::milliseconds{10}), std::future_status::timeout) << "the old file's holder is nobody here";
  unmap_image(held);
  successor.end();
  EXPECT_TRUE(died.get());
}

}  // namespace
}  // namespace headroom::ledger
