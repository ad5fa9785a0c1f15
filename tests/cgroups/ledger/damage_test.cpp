// A ledger whose bytes are damaged in a way that its checksums do not show: found by the fuzzer, kept as laws.
#include "cgroups/ledger/layout.hpp"
#include "tests/cgroups/ledger/fake_groups.hpp"

namespace headroom::ledger {
namespace {

class DamagedLedger : public testing::Test {
 protected:
  FakeGroups fake;
  Ledger ledger;

  void SetUp() override {
    fake.add("old");
    fake.add("new");
    ASSERT_EQ(ledger.open(fake.run_dir()), Status::ok);
    ASSERT_EQ(fake.set(ledger, "old", File::quota, "200000"), Status::ok);
    ledger.close();
  }
  template <class Damage>
  void damage(Damage how) {
    Image* image = nullptr;
    ASSERT_EQ(map_image(fake.run_dir(), Missing::fail, image), Status::ok);
    how(*image);
    unmap_image(image);
  }
  /// A daemon starts on it, lends, and dies.
  void lend_and_die() {
    ASSERT_EQ(ledger.open(fake.run_dir()), Status::ok);
    ASSERT_EQ(fake.set(ledger, "new", File::quota, "300000"), Status::ok);
    ledger.close();
    (void)restore(fake.run_dir(), true);
    EXPECT_EQ(fake.read("new", File::quota), "100000") << "what was lent after the damage is put back";
  }
};

TEST_F(DamagedLedger, ARowOfAFileThatThereIsNotIsNobodys) {
  damage([](Image& image) {
    Row& row = image.rows[0];
    row.file = static_cast<File>(200);
    row.check = check_of(row, row.life.load());
  });
  lend_and_die();
  EXPECT_EQ(fake.read("old", File::quota), "200000") << "nobody knows any more what it was";
}

TEST_F(DamagedLedger, ALifeIsNeverGivenTwiceNorLeftOut) {
  for (const std::uint64_t next : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX}) {
    damage([next](Image& image) { image.header.next_life.store(next); });
    lend_and_die();
    fake.write("new", File::quota, "100000");
  }
}

TEST_F(DamagedLedger, AStampThatCannotGrowStillLeavesRoomForWhatIsIntended) {
  damage([](Image& image) { image.rows[0].values[0].stamp.store(UINT64_MAX); });
  ASSERT_EQ(ledger.open(fake.run_dir()), Status::ok);
  ASSERT_EQ(fake.set(ledger, "old", File::quota, "300000"), Status::ok);
  ledger.close();
  (void)restore(fake.run_dir(), true);
  EXPECT_EQ(fake.read("old", File::quota), "100000");
}

}  // namespace
}  // namespace headroom::ledger
