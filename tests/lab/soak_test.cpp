// What a soak reads of a scrape, and of a process.
#include "lab/soak.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace headroom::lab {
namespace {

TEST(SoakReading, CountsSeriesAndTheTicksBeyondABound) {
  SoakReading reading;
  read_metrics(
      "# HELP headroom_tick_lateness_seconds How late ticks began.\n# TYPE headroom_tick_lateness_seconds histogram\n"
      "headroom_tick_lateness_seconds_bucket{le=\"0.005\"} 90\nheadroom_tick_lateness_seconds_bucket{le=\"0.01\"} 95\n"
      "headroom_tick_lateness_seconds_bucket{le=\"0.025\"} 98\nheadroom_tick_lateness_seconds_bucket{le=\"+Inf\"} 100\n"
      "headroom_config_info{hash=\"77\",generation=\"7\"} 1\nheadroom_config_reloads_total{result=\"success\"} 9\n",
      reading);
  EXPECT_EQ(reading.series, 6);
  EXPECT_EQ(reading.ticks, 100);
  EXPECT_EQ(reading.late_10ms, 5);
  EXPECT_EQ(reading.late_25ms, 2);
  EXPECT_EQ(reading.generation, 7);
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ConfigSwap, PutsEveryVersionInPlaceInTurnByRename) {
  std::string name = "/tmp/headroom-swap-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::filesystem::path dir(name), file = dir / "headroom.yaml";
  std::vector<std::string> versions;
  for (const char* text : {"a", "b", "c"}) {
    versions.push_back(dir / (std::string("version-") + text));
    std::ofstream(versions.back()) << text;
  }
  std::ofstream(file) << "a";
  ConfigSwap swap(file, versions);
  for (const char* want : {"b", "c", "a", "b"}) {
    std::ifstream before(file);   // as a reader that had opened it: what it reads is whole
    const std::string was = text_of(file);
    ASSERT_TRUE(swap.next());
    EXPECT_EQ(text_of(file), want);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(before), {}), was);
  }
  EXPECT_EQ(swap.done(), 4);
  std::filesystem::remove(versions[2]);
  EXPECT_FALSE(swap.next());
  EXPECT_EQ(swap.done(), 4);
  std::filesystem::remove_all(dir);
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
