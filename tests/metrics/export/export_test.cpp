// Laws of the exposition: what a Prometheus server and the people who query it rely on.
#include "metrics/export/export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <sstream>

#include "cgroups/types/utf8.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::Not;

GroupReport group(std::uint64_t id, std::string path, std::string kind = "container") {
  GroupReport g;
  g.id = id;
  g.slot = static_cast<Slot>(id);
  g.path = std::move(path);
  g.kind = std::move(kind);
  g.qos = "step";
  g.rule = "steps";
  return g;
}

std::string text_of(Report report) {
  ExportView view;
  view.report = std::make_shared<const Report>(std::move(report));
  view.agent.version = "1";
  view.agent.sources = {{"cgroup", true}};
  return to_prometheus(view);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

/// Name and labels of every sample.
std::vector<std::string> series_of(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& line : lines_of(text))
    if (!line.empty() && line[0] != '#') out.push_back(line.substr(0, line.rfind(' ')));
  return out;
}

Report full_report() {
  Report r;
  r.mode = "observe";
  r.mode_reason = "not enforcing: /run is read-only";
  r.node.pressure = 0.5;
  r.writes = {{"quota", "settings", "ok", 3}, {"burst", "refill", "ok", 5}};
  r.write_cost_seconds = {{"quota", 0.25}};
  r.foreign_writes = {{"bandwidth kubelet", 2}};
  r.revoked = {{"revoke_harm", 1}};
  r.groups = {group(1, "a/b"), group(2, "pod1", "pod")};
  r.groups[0].lease = LeaseReport{"burst", "file", MilliCpu{2000}, {}, {}, ""};
  return r;
}

TEST(Export, SeriesAreUniqueWhateverTheGroupsAreCalled) {
  std::mt19937 random(7);
  const std::vector<std::string> words{"", "a", "b", "a/b", "/a"};
  const auto word = [&] { return words[random() % words.size()]; };
  for (int round = 0; round < 200; ++round) {
    Report r = full_report();
    for (std::uint64_t id = 3; id < 12; ++id) {
      GroupReport g = group(id, "p" + std::to_string(random() % 6), random() % 3 == 0 ? "pod" : "container");
      g.ns = word();
      g.pod = word();
      g.container = word();
      r.groups.push_back(g);
    }
    const auto series = series_of(text_of(r));
    ASSERT_EQ(std::set<std::string>(series.begin(), series.end()).size(), series.size());
  }
}

TEST(Export, AContainersSuccessorTakesItsSeries) {
  Report r;
  for (const std::uint64_t id : {9U, 4U}) {   // the later life is listed first
    GroupReport g = group(id, "old" + std::to_string(id));
    g.ns = "ns";
    g.pod = "pod";
    g.container = "main";
    g.usage_total = seconds{static_cast<long>(id)};
    r.groups.push_back(g);
  }
  EXPECT_THAT(text_of(r), HasSubstr("headroom_container_cpu_usage_seconds_total{namespace=\"ns\",pod=\"pod\",container=\"main\"} 9\n"));
  EXPECT_THAT(text_of(r), Not(HasSubstr("id=\"/old4\"")));
}

TEST(Export, WithoutNamesThePathTellsGroupsApart) {
  Report r;
  r.groups = {group(1, "work/a"), group(2, "work/b"), group(3, "work", "pod")};
  const std::string text = text_of(r);
  EXPECT_THAT(text, HasSubstr("{namespace=\"\",pod=\"\",container=\"/work/a\"}"));
  EXPECT_THAT(text, HasSubstr("{namespace=\"\",pod=\"\",container=\"/work/b\"}"));
  EXPECT_THAT(text, HasSubstr("headroom_pod_cpu_throttled_seconds_total{namespace=\"\",pod=\"/work\"}"));
}

TEST(Export, FamiliesAndSeriesAreSortedAndTheSameEveryTime) {
  Report r = full_report();
  std::vector<std::string> families;
  for (const auto& line : lines_of(text_of(r)))
    if (line.rfind("# TYPE ", 0) == 0) families.push_back(line.substr(7, line.find(' ', 7) - 7));
  EXPECT_TRUE(std::is_sorted(families.begin(), families.end()));
  const std::string before = text_of(r);
  std::reverse(r.groups.begin(), r.groups.end());
  EXPECT_EQ(text_of(r), before);
}

/// What `promtool check metrics` refuses: no help, a counter without _total, _total on anything else, units that are
/// not base units.
TEST(Export, NamesPassWhatPromtoolChecks) {
  const std::string text = text_of(full_report());
  std::set<std::string> helped;
  for (const auto& line : lines_of(text)) {
    std::istringstream in(line);
    std::string hash, what, name, rest;
    in >> hash >> what >> name;
    std::getline(in, rest);
    if (hash != "#") continue;
    if (what == "HELP" && rest.size() > 1) helped.insert(name);
    if (what != "TYPE") continue;
    EXPECT_TRUE(helped.count(name)) << name;
    const bool total = name.size() > 6 && name.substr(name.size() - 6) == "_total";
    EXPECT_EQ(total, rest == " counter") << name;
    for (const char* unit : {"_ms_", "_milliseconds_", "_us_", "_minutes_", "_hours_", "_percent_", "_millicores_"})
      EXPECT_EQ((name + "_").find(unit), std::string::npos) << name;
  }
}

TEST(Export, OneModeOneJudgeOneLoadState) {
  for (const char* family : {"headroom_mode{", "headroom_judge{", "headroom_node_load_state{"}) {
    int ones = 0, zeros = 0;
    for (const auto& line : lines_of(text_of(full_report()))) {
      if (line.rfind(family, 0) != 0) continue;
      ones += line.back() == '1';
      zeros += line.back() == '0';
    }
    EXPECT_EQ(ones, 1) << family;
    EXPECT_GE(zeros, 2) << family;
  }
}

TEST(Export, NoQuotaIsInfinityAndAQuotaIsCores) {
  Report r;
  r.groups = {group(1, "free"), group(2, "half")};
  r.groups[1].in_force = Bandwidth{microseconds{25'000}, microseconds{50'000}, microseconds{0}};
  EXPECT_THAT(text_of(r), HasSubstr("container=\"/free\"} +Inf\n"));
  EXPECT_THAT(text_of(r), HasSubstr("headroom_container_quota_cores{namespace=\"\",pod=\"\",container=\"/half\"} 0.5\n"));
}

TEST(Export, HostileNamesCannotBreakTheFormat) {
  Report r;
  r.groups = {group(1, "a\"} 1\nheadroom_mode{mode=\"enforce\\")};
  for (const auto& line : lines_of(text_of(r))) EXPECT_NE(line.rfind("headroom_mode{mode=\"enforce\\", 0), 0U) << line;
}

/// A directory's name may hold any bytes, an exposition is UTF-8.
TEST(Export, GroupsWhoseNamesAreNoTextAreTextAndStayApart) {
  Report r = full_report();
  r.mode_reason = "cannot read /sys/fs/cgroup/\xff";
  r.groups = {group(1, "work/\xff"), group(2, "work/\xfe"), group(3, "work/caf\xc3\xa9")};
  const std::string text = text_of(r);
  EXPECT_EQ(valid_utf8_prefix(text), text.size());
  std::set<std::string> seen;
  for (const auto& series : series_of(text))
    if (series.starts_with("headroom_container_quota_cores{")) seen.insert(series);
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_THAT(text, HasSubstr("container=\"/work/caf\xc3\xa9\"}"));
}

TEST(Export, APauseIsAGaugeOfItsOwn) {
  Report r = full_report();
  EXPECT_THAT(text_of(r), HasSubstr("headroom_paused 0\n"));
  r.paused = true;
  EXPECT_THAT(text_of(r), HasSubstr("headroom_paused 1\n"));
}

TEST(Export, TheReasonForNotEnforcingIsAMetric) {
  EXPECT_THAT(text_of(full_report()), HasSubstr("headroom_mode_reason_info{reason=\"not enforcing: /run is read-only\"} 1"));
}

TEST(Export, BeforeTheFirstTickTheAgentSpeaksAlone) {
  const std::string text = to_prometheus({nullptr, AgentView{}});
  EXPECT_THAT(text, HasSubstr("headroom_build_info"));
  EXPECT_THAT(text, Not(HasSubstr("headroom_node_")));
}

TEST(TickHistogram, IsCumulativeAndKeepsTheSum) {
  std::array<std::uint64_t, 12> counts{};
  double sum = 0;
  for (const nanoseconds t : {nanoseconds{50'000}, nanoseconds{3'000'000}, nanoseconds{2'000'000'000}}) count_tick(counts, sum, t);
  EXPECT_TRUE(std::is_sorted(counts.begin(), counts.end()));
  EXPECT_EQ(counts.front(), 1U);
  EXPECT_EQ(counts[4], 1U);    // <= 2.5 ms
  EXPECT_EQ(counts[5], 2U);    // <= 5 ms
  EXPECT_EQ(counts.back(), 3U);
  EXPECT_DOUBLE_EQ(sum, 2.00305);
}

}  // namespace
}  // namespace headroom
