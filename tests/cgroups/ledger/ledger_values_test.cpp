// Which values of a file stay recognisable, and a ledger that goes on after a restore.
#include "tests/cgroups/ledger/fake_groups.hpp"

namespace headroom::ledger {
namespace {

struct LedgerValuesTest : testing::Test {
  FakeGroups fake;
  Ledger ledger;
  void SetUp() override {
    ASSERT_EQ(ledger.open(fake.run_dir()), Status::ok);
    fake.add("c");
  }
  void accepted(int value) { fake.set(ledger, "c", File::quota, std::to_string(value)); }
  void refused(int value) {
    ledger.intend(fake.path("c").c_str(), fake.inode("c"), File::quota, "100000", std::to_string(value).c_str());
  }
};
constexpr int kLast = static_cast<int>(kValues) - 1;

TEST_F(LedgerValuesTest, TheLastAcceptedValueIsKnownAfterSevenRefusedOnes) {
  accepted(200000);
  for (int i = 1; i <= kLast; ++i) refused(300000 + i);
  refused(300000 + kLast);  // again: takes nobody's place
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 1U);
}

TEST_F(LedgerValuesTest, AValueWrittenAgainIsTheMostRecentOne) {
  for (int i = 0; i <= kLast; ++i) accepted(300000 + i);
  accepted(300001);
  for (int i = 1; i <= kLast; ++i) refused(400000 + i);
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 1U);
}

TEST_F(LedgerValuesTest, AfterARestoreTheLedgerGoesOn) {
  accepted(200000);
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 1U);
  accepted(300000);
  EXPECT_EQ(ledger.entries(), 1U);
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 1U);
  EXPECT_EQ(fake.read("c", File::quota), "100000");
}

}  // namespace
}  // namespace headroom::ledger
