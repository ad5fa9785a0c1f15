// KERNEL 21: weights compete among siblings only.
#include <gtest/gtest.h>

#include "tests/support/spinner.hpp"

namespace headroom::live {
namespace {

/// Two spinners on one CPU; how much of it each gets.
class ContractTree : public testing::Test {
 protected:
  ScratchGroup root{"tree"};
  int cpu = first_cpu();

  static int first_cpu() {
    const auto all = must(must(GroupFiles::open(host(), "")).cpus());
    int first = 0;
    while (!all.test(static_cast<std::size_t>(first))) ++first;
    return first;
  }

  /// The kernel's default weight is 1024 (v1) and 100 (v2).
  static void set_eighth(const ScratchGroup& group) {
    auto files = group.open();
    must(files.write_file(CpuFile::shares, on_v2() ? "12" : "128"));
  }

  /// Use of `a` over use of `b` while both spin on the same CPU.
  double ratio(const ScratchGroup& a, const ScratchGroup& b) {
    auto root_files = root.open();
    must(set_heavy(root_files));
    const Spinner one(a, {.cpu = cpu}), two(b, {.cpu = cpu});
    auto first = a.open(), second = b.open();
    rest(milliseconds{50});
    const nanoseconds a0 = must(first.usage()), b0 = must(second.usage());
    EXPECT_TRUE(eventually([&] { return must(first.usage()) - a0 + (must(second.usage()) - b0) > milliseconds{400}; }));
    const auto of_a = must(first.usage()) - a0, of_b = must(second.usage()) - b0;
    return static_cast<double>(of_a.count()) / static_cast<double>(of_b.count() + 1);
  }
};

TEST_F(ContractTree, AmongSiblingsTheWeightDecides) {
  const ScratchGroup neighbour(root, "a"), borrower(root, "b");
  set_eighth(borrower);
  EXPECT_GT(ratio(neighbour, borrower), 3.0);
}

TEST_F(ContractTree, AmongCousinsTheWeightOfTheParentsDecides) {
  const ScratchGroup pod(root, "a"), neighbour(pod, "c"), other(root, "b"), borrower(other, "c");
  set_eighth(borrower);
  const double container_lowered = ratio(neighbour, borrower);
  EXPECT_GT(container_lowered, 0.6);
  EXPECT_LT(container_lowered, 1.7);
  set_eighth(other);
  EXPECT_GT(ratio(neighbour, borrower), 3.0) << "lowered where they are siblings";
}

}  // namespace
}  // namespace headroom::live
