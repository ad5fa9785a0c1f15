// What the suites have in common.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/kernel.hpp"

namespace headroom::contract {

/// One kernel for one test.
class Contract : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Kernel> owned = make_kernel(GetParam());
  Kernel& kernel = *owned;

  template <class Condition>
  bool eventually(Condition holds, milliseconds patience = milliseconds{5000}) {
    return contract::eventually(kernel, holds, patience);
  }
  nanoseconds used(Kernel::Group group) { return must(kernel.usage(group)); }
  void limit(Kernel::Group group, std::optional<microseconds> quota, microseconds period) {
    must(set_limit(kernel, group, quota, period));
  }
};

/// Suite.Test/kernel: no prefix, so that filters stay what they are.
#define HEADROOM_CONTRACT(Suite)                                                              \
  INSTANTIATE_TEST_SUITE_P(, Suite, testing::ValuesIn(kernel_names()),                        \
                           [](const testing::TestParamInfo<std::string>& kernel) { return kernel.param; })

}  // namespace headroom::contract
