// What headroomctl limits concludes: laws over drawn nodes, and its words.
#include "agent/limits.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/ctl_limits.hpp"

namespace headroom::limits {
namespace {

constexpr seconds kStretch{60};

Seen quiet(const std::string& path = "kubepods/burstable/pod1/a") {
  return {path, KubeQos::burstable, MilliCpu{500}, seconds{3}, {600, 0, nanoseconds{0}}, ""};
}
Seen bursting() {
  Seen c = quiet();
  c.throttle = {600, 200, seconds{10}};
  return c;
}
Seen greedy() {
  Seen c = quiet();
  c.used = seconds{30};
  c.throttle = {600, 600, seconds{50}};
  return c;
}
Facts node(std::vector<Seen> limited) { return {kStretch, 2, seconds{50}, 9, 2, std::move(limited)}; }

rc::Gen<Seen> containers() {
  return rc::gen::exec([] {
    Seen c = quiet();
    c.qos = *rc::gen::element(std::optional<KubeQos>{}, std::optional{KubeQos::burstable}, std::optional{KubeQos::guaranteed});
    c.limit = MilliCpu{*rc::gen::inRange(50, 4000)};
    c.used = nanoseconds{*rc::gen::inRange<std::int64_t>(0, cpu_time(c.limit, kStretch).count() + 1)};
    const auto throttled = *rc::gen::inRange<std::uint64_t>(0, 601);
    c.throttle = {600, throttled, milliseconds{static_cast<int>(throttled) * *rc::gen::inRange(0, 100)}};
    c.runtime = *rc::gen::element<std::string>("", "", "java", "node");
    return c;
  });
}

TEST(Limits, WhoTakesAllItCanGetIsGreedyWhateverElseItIs) {
  Seen c = greedy();
  EXPECT_EQ(why(c, kStretch), Why::greedy);
  c.qos = KubeQos::guaranteed;
  c.runtime = "java";
  EXPECT_EQ(why(c, kStretch), Why::greedy);
  c.used = seconds{20};
  EXPECT_EQ(why(c, kStretch), Why::forced) << "throttled in every period, but two thirds of its limit: bursts";
  c.qos.reset();
  EXPECT_EQ(why(c, kStretch), Why::sizing);
  c.runtime.clear();
  EXPECT_EQ(why(c, kStretch), Why::throttled);
  EXPECT_EQ(why(quiet(), kStretch), Why::untouched);
}

TEST(Limits, TheAnswerIsOfThoseWhoseLimitsBite) {
  EXPECT_EQ(verdict(node({})), Verdict::leave);
  EXPECT_EQ(verdict(node({quiet()})), Verdict::leave);
  EXPECT_EQ(verdict(node({quiet(), bursting()})), Verdict::remove);
  EXPECT_EQ(verdict(node({bursting(), greedy()})), Verdict::keep);
  Seen java = quiet();
  java.runtime = "java";
  EXPECT_EQ(verdict(node({java, bursting()})), Verdict::remove) << "the JVM's limit does not bite: it can stay";
  java.throttle = bursting().throttle;
  EXPECT_EQ(verdict(node({java, bursting()})), Verdict::keep);
}

RC_GTEST_PROP(Limits, OneMoreContainerNeverMakesDeletingSafer, (std::vector<int> dice)) {
  std::vector<Seen> all;
  for (std::size_t i = 0; i < dice.size() % 12; ++i) all.push_back(*containers());
  const auto before = verdict(node(all));
  all.push_back(*containers());
  const auto after = verdict(node(all));
  if (before == Verdict::keep) RC_ASSERT(after == Verdict::keep);
  if (before == Verdict::remove) RC_ASSERT(after != Verdict::leave);
}

RC_GTEST_PROP(Limits, MoreThrottlingNeverMakesALimitHarmless, ()) {
  Seen c = *containers();
  const auto before = verdict(node({c}));
  c.throttle.throttled_periods = c.throttle.periods;
  c.throttle.throttled_time += seconds{5};
  const auto after = verdict(node({c}));
  RC_ASSERT(after != Verdict::leave);
  if (before == Verdict::keep) RC_ASSERT(after == Verdict::keep);
}

TEST(LimitsText, SaysTheAnswerFirstAndNamesTheWorst) {
  const auto facts = node({bursting(), greedy(), quiet()});
  const auto text = render_limits(facts, 10, {});
  EXPECT_EQ(text.find("Deleting the limits would not do here"), 0U) << text;
  EXPECT_NE(text.find("60 s on 2 CPUs, 0.83 cores in use: 9 containers, 2 of them Guaranteed; 3 have a CPU limit, by which they were throttled 60.0s"),
            std::string::npos) << text;
  EXPECT_NE(text.find("0.50 of  0.50 cores, throttled 50.0s in 100 % of its periods"), std::string::npos) << text;
  EXPECT_LT(text.find("take all they can get"), text.find("deleting the limit would do"));
  const auto json = nlohmann::json::parse(limits_json(facts));
  EXPECT_EQ(json["verdict"], "keep");
  EXPECT_EQ(json["limited"].size(), 3U);
  EXPECT_EQ(json["limited"][1]["why"], "greedy");
}

TEST(LimitsText, ManyAreCutAndNothingReachesTheTerminalAsItIs) {
  std::vector<Seen> many(30, bursting());
  many[0].path = "kubepods/\x1b[31mpod";
  const auto text = render_limits(node(many), 5, {});
  EXPECT_NE(text.find("and 25 more"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace headroom::limits
