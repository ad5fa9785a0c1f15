// Whatever the daemon did and wherever it was killed: what it wrote goes back, what others wrote stands.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <csetjmp>
#include <map>

#include "cgroups/ledger/layout.hpp"
#include "tests/cgroups/ledger/fake_groups.hpp"

namespace headroom::ledger {
namespace {

std::jmp_buf killed;
int stages_to_live = 0;

void count_down(int) {
  if (--stages_to_live == 0) std::longjmp(killed, 1);  // leaves the mapped file exactly as a kill would
}

/// @return false: killed on the way
bool intend(Ledger& ledger, const char* group, std::uint64_t inode, File file, const char* value) {
  if (setjmp(killed) != 0) return false;
  return ledger.intend(group, inode, file, "100000", value) == Status::ok;
}

struct Key {
  int group;
  File file;
  auto operator<=>(const Key&) const = default;
};

enum class Did { accepted, refused, ended, overwritten };

struct Step {
  Key key;
  Did did;
  int value;
};

rc::Gen<Step> any_step() {
  using namespace rc;
  return gen::map(gen::tuple(gen::inRange(0, 3), gen::inRange(0, 4),
                             gen::weightedElement<Did>(
                                 {{6, Did::accepted}, {2, Did::refused}, {2, Did::ended}, {1, Did::overwritten}}),
                             gen::inRange(0, 12)),
                  [](const auto& t) {
                    return Step{{std::get<0>(t), static_cast<File>(std::get<1>(t))}, std::get<2>(t), std::get<3>(t)};
                  });
}

/// What must be in each file after a restore. Absent: the original.
struct World {
  FakeGroups fake;
  Ledger ledger;
  std::map<Key, int> refused_in_a_row;
  std::map<Key, std::string> foreign;

  static std::string group(const Key& k) { return "pod/c" + std::to_string(k.group); }

  World() {
    for (int g = 0; g < 3; ++g) fake.add(group({g, File::quota}));
    ledger.open(fake.run_dir());
  }
  bool intend_value(const Step& s, const std::string& value) {
    const std::string name = group(s.key);
    return intend(ledger, fake.path(name).c_str(), fake.inode(name), s.key.file, value.c_str());
  }
  /// @return false: killed on the way
  bool run(const Step& s) {
    const std::string value = std::to_string(200000 + s.value), name = group(s.key);
    if (foreign.count(s.key) != 0) return true;  // hands off
    switch (s.did) {
      case Did::accepted:
        if (!intend_value(s, value)) return false;
        fake.write(name, s.key.file, value);
        refused_in_a_row[s.key] = 0;
        return true;
      case Did::refused:
        return ++refused_in_a_row[s.key] >= static_cast<int>(kValues) || intend_value(s, value);
      case Did::ended:
        fake.write(name, s.key.file, "100000");
        ledger.forget(fake.path(name).c_str(), s.key.file);
        refused_in_a_row[s.key] = 0;
        return true;
      case Did::overwritten:
        fake.write(name, s.key.file, "777777");
        foreign[s.key] = "777777";
        return true;
    }
    return true;
  }
  void expect_restored() const {
    for (int g = 0; g < 3; ++g)
      for (int f = 0; f < 4; ++f) {
        const Key k{g, static_cast<File>(f)};
        const auto it = foreign.find(k);
        RC_ASSERT(fake.read(group(k), k.file) == (it == foreign.end() ? "100000" : it->second));
      }
  }
};

RC_GTEST_PROP(Restore, GivesTheOriginalsBackFromAnyPoint, ()) {
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
  const int life = *rc::gen::inRange(1, 2 * static_cast<int>(steps.size()) + 2);
  World world;
  stages_to_live = life;
  set_stage_hook(count_down);
  for (const Step& s : steps)
    if (!world.run(s)) break;
  set_stage_hook(nullptr);
  world.ledger.close();
  const RestoreResult result = restore(world.fake.run_dir(), true);
  RC_ASSERT(result.failed + result.gone == 0U);
  world.expect_restored();
  RC_ASSERT(world.ledger.open(world.fake.run_dir()) == Status::ok);
  RC_ASSERT(world.ledger.empty());
}

RC_GTEST_PROP(Restore, TwiceIsLikeOnceAndARestartInBetweenLosesNothing, ()) {
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
  const auto cut = *rc::gen::inRange<std::size_t>(0, steps.size() + 1);
  World world;
  for (std::size_t i = 0; i < cut; ++i) world.run(steps[i]);
  world.ledger.open(world.fake.run_dir());  // closes first: the index is made anew from the file
  for (std::size_t i = cut; i < steps.size(); ++i) world.run(steps[i]);
  restore(world.fake.run_dir(), false);
  world.expect_restored();
  RC_ASSERT(restore(world.fake.run_dir(), true).restored == 0U);
  world.expect_restored();
}

}  // namespace
}  // namespace headroom::ledger
