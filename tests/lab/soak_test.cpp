// What a soak reads of a scrape, and of a process.
#include "lab/soak.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace headroom::lab {
namespace {

TEST(SoakReading, CountsSeriesAndTheTicksBeyondABound) {
  SoakReading reading;
  read_metrics(
      "# HELP headroom_tick_lateness_seconds How late ticks began.\n# TYPE headroom_tick_lateness_seconds histogram\n"
      "headroom_tick_lateness_seconds_bucket{le=\"0.005\"} 90\nheadroom_tick_lateness_seconds_bucket{le=\"0.01\"} 95\n"
      "headroom_tick_lateness_seconds_bucket{le=\"0.025\"} 98\nheadroom_tick_lateness_seconds_bucket{le=\"+Inf\"} 100\n"
      "headroom_config_reloads_total{result=\"success\"} 7\nheadroom_config_reloads_total{result=\"failure\"} 3\n",
      reading);
  EXPECT_EQ(reading.series, 6);
  EXPECT_EQ(reading.ticks, 100);
  EXPECT_EQ(reading.late_10ms, 5);
  EXPECT_EQ(reading.late_25ms, 2);
  EXPECT_EQ(reading.reloads, 7);
}

TEST(SoakReading, OfAProcessHasItsFilesAndMemory) {
  SoakReading before, after;
  ASSERT_TRUE(look_at_process(::getpid(), before));
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_TRUE(look_at_process(::getpid(), after));
  for (const int end : ends) ::close(end);
  EXPECT_EQ(after.fds, before.fds + 2);
  EXPECT_GT(before.rss_kib, 100);
  EXPECT_FALSE(look_at_process(-1, before));
}

}  // namespace
}  // namespace headroom::lab
