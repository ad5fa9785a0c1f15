#include "cgroups/types/weights.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace headroom {
namespace {

TEST(Weights, FollowThePublishedTable) {
  const std::pair<std::uint64_t, std::uint64_t> rows[] = {{2, 1}, {102, 4}, {256, 10}, {1024, 39}, {4096, 157}, {262'144, 10'000}};
  for (const auto& [shares, weight] : rows) EXPECT_EQ(weight_from_shares(Shares{shares}), Shares{weight}) << shares;
  EXPECT_EQ(weight_from_shares(Shares{0}), std::nullopt);
}

TEST(Weights, ComeBackFromSharesAsTheyWere) {
  for (std::uint64_t weight = 1; weight <= 10'000; ++weight) {
    const auto there = weight_from_shares(shares_from_weight(Shares{weight}));
    ASSERT_TRUE(there);
    ASSERT_LE(weight - there->value, 1u) << "both formulas round down";
  }
}

}  // namespace
}  // namespace headroom
