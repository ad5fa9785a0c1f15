// KERNEL 21: weights compete among siblings only.
#include "tests/contract/suite.hpp"

namespace headroom::contract {
namespace {

/// Two spinners on one CPU; how much of it each gets.
class ContractTree : public Contract {
 protected:
  Kernel::Group root = kernel.make(Kernel::kTop);

  /// The kernel's default weight is 1024 (v1) and 100 (v2).
  void set_eighth(Kernel::Group group) { must(kernel.write(group, File::shares, kernel.v2() ? "12" : "128")); }

  /// Use of `a` over use of `b` while both spin on the same CPU.
  double ratio(Kernel::Group a, Kernel::Group b) {
    must(set_heavy(kernel, root));
    const auto one = kernel.start(a, {.cpu = kernel.some_cpu()}), two = kernel.start(b, {.cpu = kernel.some_cpu()});
    kernel.rest(milliseconds{50});
    const nanoseconds a0 = used(a), b0 = used(b);
    EXPECT_TRUE(eventually([&] { return used(a) - a0 + (used(b) - b0) > milliseconds{400}; }));
    const auto of_a = used(a) - a0, of_b = used(b) - b0;
    kernel.stop(one);
    kernel.stop(two);
    return static_cast<double>(of_a.count()) / static_cast<double>(of_b.count() + 1);
  }
};

TEST_P(ContractTree, AmongSiblingsTheWeightDecides) {
  const auto neighbour = kernel.make(root), borrower = kernel.make(root);
  set_eighth(borrower);
  EXPECT_GT(ratio(neighbour, borrower), 3.0);
}

TEST_P(ContractTree, AmongCousinsTheWeightOfTheParentsDecides) {
  const auto pod = kernel.make(root), neighbour = kernel.make(pod), other = kernel.make(root), borrower = kernel.make(other);
  set_eighth(borrower);
  const double container_lowered = ratio(neighbour, borrower);
  EXPECT_GT(container_lowered, 0.6);
  EXPECT_LT(container_lowered, 1.7);
  set_eighth(other);
  EXPECT_GT(ratio(neighbour, borrower), 3.0) << "lowered where they are siblings";
}

HEADROOM_CONTRACT(ContractTree);

}  // namespace
}  // namespace headroom::contract
