// The wheel against a list: what is due comes out, once, and nothing else.
#include "engine/schedule_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace headroom::scheduling {
namespace {

TEST(Wheel, GivesEveryTimerWhenItIsDueAndOnlyThen) {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    Wheel wheel;
    std::vector<Timer> waiting;
    TimePoint now{seconds{1000} + milliseconds{random() % 1000}};
    Slot next = 0;
    for (int tick = 0; tick < 400; ++tick) {
      for (unsigned i = random() % 4; i > 0; --i) {
        const auto ahead = milliseconds{random() % 5 == 0 ? random() % 40'000 : random() % 1'500};   // beyond a lap, too
        const TimePoint due = random() % 10 == 0 ? now - milliseconds{random() % 50} : now + ahead;
        waiting.push_back({due, next++, 1, Task::slow});
        wheel.push(waiting.back());
      }
      now += microseconds{random() % (random() % 20 == 0 ? 15'000'000 : 60'000)};
      std::vector<Timer> out;
      wheel.take_due(now, out);
      std::vector<Slot> got, wanted;
      for (const Timer& t : out) got.push_back(t.slot);
      for (const Timer& t : waiting)
        if (t.due <= now) wanted.push_back(t.slot);
      std::sort(got.begin(), got.end());
      ASSERT_EQ(got, wanted) << "round " << round << ", tick " << tick;
      std::erase_if(waiting, [&](const Timer& t) { return t.due <= now; });
    }
  }
}

}  // namespace
}  // namespace headroom::scheduling
