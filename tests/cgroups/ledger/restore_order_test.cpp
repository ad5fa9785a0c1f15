// The order of the writes of a restore, as seen by inotify on a plain directory.
#include <sys/inotify.h>

#include <vector>

#include "tests/cgroups/ledger/fake_groups.hpp"

namespace headroom::ledger {
namespace {

/// IN_MODIFY of several directories in one queue.
class Order {
 public:
  void watch(const std::string& dir, const std::string& name) {
    const int wd = ::inotify_add_watch(fd_, dir.c_str(), IN_MODIFY);
    names_.resize(static_cast<std::size_t>(wd) + 1);
    names_[static_cast<std::size_t>(wd)] = name;
  }
  std::vector<std::string> drain() const {
    std::vector<std::string> out;
    alignas(inotify_event) char buffer[4096];
    for (ssize_t n; (n = ::read(fd_, buffer, sizeof buffer)) > 0;)
      for (ssize_t at = 0; at < n;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        out.push_back(names_[static_cast<std::size_t>(event->wd)] + " " + event->name);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    return out;
  }
  Order() = default;
  Order(const Order&) = delete;
  Order& operator=(const Order&) = delete;
  ~Order() { ::close(fd_); }

 private:
  int fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  std::vector<std::string> names_;
};

TEST(RestoreOrder, BurstThenQuotaAndPeriodChildrenFirstThenShares) {
  const FakeGroups fake;
  Ledger ledger;
  ASSERT_EQ(ledger.open(fake.run_dir()), Status::ok);
  Order order;
  for (const char* group : {"pod", "pod/c"}) fake.add(group);
  for (const File file : {File::shares, File::quota, File::period, File::burst})
    for (const char* group : {"pod", "pod/c"}) fake.set(ledger, group, file, "200000");
  order.watch(fake.path("pod"), "pod");
  order.watch(fake.path("pod/c"), "c");
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 8U);
  const std::vector<std::string> want = {"c cpu.cfs_burst_us",  "pod cpu.cfs_burst_us", "c cpu.cfs_quota_us",
                                         "c cpu.cfs_period_us", "pod cpu.cfs_quota_us", "pod cpu.cfs_period_us",
                                         "c cpu.shares",        "pod cpu.shares"};
  EXPECT_EQ(order.drain(), want);
}

TEST(RestoreOrder, WhatStandsAtItsOriginalIsNotWritten) {  // a write of the same value would be a refill
  const FakeGroups fake;
  Ledger ledger;
  ASSERT_EQ(ledger.open(fake.run_dir()), Status::ok);
  fake.add("c");
  fake.set(ledger, "c", File::quota, "200000");
  fake.write("c", File::quota, "100000");
  Order order;
  order.watch(fake.path("c"), "c");
  EXPECT_EQ(restore(fake.run_dir(), true).foreign, 0U);
  EXPECT_TRUE(order.drain().empty());
}

}  // namespace
}  // namespace headroom::ledger
