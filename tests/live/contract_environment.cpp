// A limit somewhere for as long as the tests run. The kernel patches its own code when the first group gets a limit and
// when the last one loses it; QEMU's emulated CPUs now and then trip over that (int3 in enqueue_entity).
#include <gtest/gtest.h>

#include "tests/support/scratch_group.hpp"

namespace headroom::live {
namespace {

class BandwidthInUse : public testing::Environment {
 public:
  void SetUp() override {
    group_.emplace("limit");
    auto files = group_->open();
    must(set_limit(files, microseconds{100'000}, microseconds{100'000}));
  }
  void TearDown() override { group_.reset(); }

 private:
  std::optional<ScratchGroup> group_;
};

const auto* const kRegistered = testing::AddGlobalTestEnvironment(new BandwidthInUse);

}  // namespace
}  // namespace headroom::live
