// Groups come and go: nothing of them stays behind in the source that watched them.
#include <fstream>

#include "tests/live/edges_fixture.hpp"

namespace headroom::live {
namespace {

struct Held {
  std::size_t fds = 0, watches = 0, slots = 0, groups = 0;
  friend bool operator==(const Held&, const Held&) = default;
};

class ChurnTest : public EdgesTest {
 protected:
  ScratchGroup stays_{burstable, "pod" + uid(999)};   // so that its ancestors are in the catalog all the time

  Held held() const {
    Held out;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", none)) out.fds += entry.path().empty() ? 0 : 1;
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(source->event_fd()));
    for (std::string line; std::getline(info, line);) out.watches += line.starts_with("inotify ") ? 1 : 0;
    out.slots = source->catalog().groups.size();
    out.groups = paths().size();
    return out;
  }
  /// Five pods with a container each, seen, read, and gone.
  void round(int number) {
    std::vector<std::string> before = paths();
    for (int i = 0; i < 5; ++i) {
      auto& in = pod(number * 10 + i);
      limit(container(in, number * 10 + i), 20'000);
    }
    (void)look();
    EXPECT_EQ(paths().size(), before.size() + 10);
    ReadPlan everything;
    for (const auto& [path, group] : made)
      everything.groups.push_back({slot(*group), kReadUsage | kReadThrottle | kReadBandwidth | kReadShares | kReadPopulated});
    (void)look(everything);
    made.clear();
    (void)look();
    EXPECT_EQ(paths(), before);
  }
};

TEST_F(ChurnTest, FdsWatchesAndSlotsAreThoseOfWhatIsThere) {
  watch();
  const Held empty = held();
  round(1);   // opens what is read of the groups that stay
  const Held once = held();
  EXPECT_EQ(once.watches, empty.watches);
  EXPECT_EQ(once.groups, empty.groups);
  for (int number = 2; number < 30; ++number) round(number);
  EXPECT_EQ(held(), once) << "slots are used again";
}

/// A group whose directory vanishes under a fault must not be remembered for mending for ever.
TEST_F(ChurnTest, WhatCouldNotBeOpenedIsForgottenWhenItIsGone) {
  watch();
  round(1);
  const Held empty = held();
  set_fault_hook([](const char* call, const char* path) {
    return std::string_view(call) == "fstat" && std::string_view(path).find("/pod") != std::string_view::npos ? EIO : 0;
  });
  for (int n = 1; n <= 5; ++n) pod(n);
  const Sample sample = look();
  set_fault_hook(nullptr);
  EXPECT_EQ(sample.faults.size(), 5U);
  EXPECT_EQ(held(), empty);
  made.clear();
  rest(milliseconds{1100});
  EXPECT_TRUE(look().faults.empty());
  auto& late = pod(6);
  (void)look();
  EXPECT_NE(slot(late), kNoSlot);
}

/// And one that stays is found again within a second, watch and all, without a walk of the tree.
TEST_F(ChurnTest, WhatCouldNotBeOpenedListedOrWatchedIsMendedWithinASecond) {
  watch();
  int number = 100;
  for (const char* call : {"fstat", "stat", "readdir", "inotify_add_watch"}) {
    SCOPED_TRACE(call);
    number += 10;
    static const char* failing;
    failing = call;
    set_fault_hook([](const char* name, const char* path) {
      return std::string_view(name) == failing && std::string_view(path).find("/pod") != std::string_view::npos ? EIO : 0;
    });
    auto& in = pod(number);
    auto& first = container(in, number);
    const Sample sample = look();
    EXPECT_FALSE(sample.faults.empty());
    EXPECT_FALSE(sample.failed);
    set_fault_hook(nullptr);
    const std::size_t watches = held().watches;
    rest(milliseconds{1100});
    (void)look();
    EXPECT_NE(slot(in), kNoSlot);
    EXPECT_NE(slot(first), kNoSlot);
    EXPECT_GE(held().watches, watches);
    auto& second = container(in, number + 1);
    (void)look();
    EXPECT_NE(slot(second), kNoSlot) << "its pod is watched";
    made.clear();
    (void)look();
  }
}

}  // namespace
}  // namespace headroom::live
