// The page: well-formed, complete, and honest about what it shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "lab/page.hpp"
#include "lab/plots.hpp"
#include "tests/lab/report_fixture.hpp"

namespace headroom::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<Record> all() { return {fixture::steady(), fixture::starts(), fixture::simulated()}; }

std::size_t count(const std::string& text, const std::string& piece) {
  std::size_t out = 0;
  for (auto at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++out;
  return out;
}

/// What XML would refuse: tags that do not pair, a bare < or &, an attribute without quotes. Empty: nothing.
std::string broken(const std::string& text) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto here = text.substr(at, 60);
    if (text[at] == '&') {
      const auto end = text.find(';', at);
      const std::set<std::string> known{"&amp", "&lt", "&gt", "&quot", "&#39"};
      if (!known.contains(text.substr(at, end - at))) return "entity: " + here;
    }
    if (text[at] != '<') continue;
    if (text.compare(at, 10, "<!DOCTYPE ") == 0) continue;
    auto end = at + 1;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != '>'); ++end) {
      if (text[end] == '"') quoted = !quoted;
      if (text[end] == '<') return "a tag within a tag: " + here;
    }
    const auto tag = text.substr(at + 1, end - at - 1);
    const auto name = tag.substr(tag[0] == '/' ? 1 : 0, tag.find_first_of(" /", 1) - (tag[0] == '/' ? 1 : 0));
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "closes what is not open: " + here;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
    at = end;
  }
  return open.empty() ? "" : "left open: " + open.back();
}

std::vector<Plot> plots_with_all_arms(const Record& record) {
  std::vector<Plot> out{*gain_plot(record), *throttled_plot(record)};
  for (const auto who : kEverybody) out.push_back(*latency_plot(record, who));
  return out;
}

TEST(Page, IsWellFormed) {
  EXPECT_EQ(broken(to_html(all())), "");
  EXPECT_EQ(broken(to_html({fixture::starts()})), "");
  EXPECT_NE(broken("<p>a & b</p>"), "");
  EXPECT_NE(broken("<p><b></p></b>"), "");
}

TEST(Page, NeedsNothingFromElsewhere) {
  auto page = to_html(all());
  for (const std::string own : {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}) {
    for (auto at = page.find(own); at != std::string::npos; at = page.find(own)) page.erase(at, own.size());
  }
  for (const char* reach : {"http:", "https:", " src=", "url(", "@import", "<link", "<iframe", "fetch("}) EXPECT_THAT(page, Not(HasSubstr(reach)));
}

TEST(Page, ShowsEveryArmInEveryPlot) {
  for (const auto& record : {fixture::steady(), fixture::simulated()}) {
    for (const auto& plot : plots_with_all_arms(record)) {
      for (const auto& arm : record.arms) EXPECT_THAT(plot.svg, HasSubstr(escaped(arm.arm))) << plot.title;
    }
    EXPECT_EQ(timeline_plots(record).size(), record.arms.size());
  }
}

TEST(Page, DrawsAllPlotsThatTheRecordsHave) {
  const auto page = to_html(all());
  // Two records with arms: gain, three kinds of latency, throttled; six and three timelines; two units of series.
  EXPECT_EQ(count(page, "role=\"img\""), 2u * 5 + 6 + 3 + 2);
  EXPECT_EQ(count(page, "role=\"img\""), count(page, "viewBox=") - count(page, "aria-hidden"));
  EXPECT_EQ(count(page, "role=\"img\" tabindex=\"0\" aria-label=\"\""), 0u);
}

TEST(Page, EscapesNames) {
  const auto page = to_html({fixture::simulated()});
  EXPECT_THAT(page, HasSubstr("fixture &lt;simulated&gt; &amp; &quot;quoted&quot;"));
  EXPECT_THAT(page, HasSubstr("koord&lt;&amp;&gt;&#39;inator&#39;"));
  EXPECT_THAT(page, Not(HasSubstr("koord<")));
  EXPECT_EQ(escaped(std::string("a\x01") + "b"), "a\xEF\xBF\xBD" "b");
}

TEST(Page, SaysOfEveryPlotThatItIsASimulation) {
  const auto record = fixture::simulated();
  auto plots = plots_with_all_arms(record);
  for (auto& plot : timeline_plots(record)) plots.push_back(plot);
  for (const auto& plot : plots) {
    EXPECT_THAT(plot.svg, HasSubstr("aria-label=\"Simulation, not a measurement.")) << plot.title;
    EXPECT_THAT(plot.svg, HasSubstr(">simulation, not a measurement<")) << plot.title;
  }
  for (const auto& plot : plots_with_all_arms(fixture::steady())) EXPECT_THAT(plot.svg, Not(HasSubstr("simulation, not")));
  EXPECT_THAT(to_markdown({record}), HasSubstr("Simulation, not a measurement"));
}

TEST(Page, MarksWhatIsNotJudged) {
  const auto record = fixture::simulated();
  for (const auto& plot : plots_with_all_arms(record)) EXPECT_THAT(plot.svg, HasSubstr("not judged")) << plot.title;
  EXPECT_THAT(to_html({record}), HasSubstr("static (not judged)"));
  EXPECT_THAT(to_markdown({record}), HasSubstr("| static (not judged) |"));
  EXPECT_EQ(count(gain_plot(fixture::steady())->svg, "hollow"), 0u);
}

TEST(Page, SaysInTheMainPictureThatNoRunHasCounted) {
  auto record = fixture::steady();
  EXPECT_THAT(gain_plot(record)->svg, Not(HasSubstr(">void: ")));
  record.runs.back().fate = RunRecord::Fate::is_void;
  EXPECT_THAT(gain_plot(record)->svg, HasSubstr(">void: the twins differ by &gt; 5 %<"));
}

TEST(Page, StatesUnitsOnEveryAxis) {
  const auto record = fixture::steady();
  EXPECT_THAT(latency_plot(record, Who::burstable)->svg, HasSubstr("answer, ms"));
  EXPECT_THAT(throttled_plot(record)->svg, HasSubstr("throttled time, s"));
  EXPECT_THAT(timeline_plots(record).front().svg, HasSubstr("time since measuring began, s"));
  EXPECT_THAT(gain_plot(record)->svg, HasSubstr("relative to static"));
}

TEST(Page, CountsBarsAndListsEveryRun) {
  EXPECT_EQ(verdict_in_words(fixture::starts()), "2 of 3 bars pass");
  EXPECT_EQ(verdict_in_words(fixture::simulated()), "no bar applies to these arms");
  const auto page = to_html({fixture::steady()});
  EXPECT_THAT(page, HasSubstr("<td class=\"unsure\">void</td>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"yes\">counts</td>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"no\">MISS</td>"));
  EXPECT_THAT(page, HasSubstr("0.95 to 1.05"));
  EXPECT_THAT(page, HasSubstr("headroom-lab run fixture-steady --policies"));
}

TEST(Markdown, HasARowPerArm) {
  const auto text = to_markdown({fixture::steady()});
  EXPECT_THAT(text, HasSubstr("| arm (ms) | bursts | step mean | p50 | p99 | throttled s: container |"));
  EXPECT_EQ(count(text, "\n| "), 1 + fixture::steady().arms.size());
  EXPECT_THAT(text, HasSubstr("| headroom-hidden | "));
}

/// Records at the edge of what the reader lets through.
std::vector<Record> odd() {
  Record empty, zero = fixture::steady(), alone = fixture::simulated(), flat;
  zero.arms[0] = {};
  zero.arms[0].arm = "static";
  zero.curves.resize(1);
  zero.curves[0].points = {{0.5, 0.0}};
  zero.timelines.resize(1);
  zero.timelines[0] = {"static", "step/0", {}, 0, {0, 1}, {{}, {}}, {0, 0}, {0, 0}};
  zero.verdicts[0].value.reset();
  alone.arms.resize(1);
  flat.series = {{"flat", "ms", {{1, 0}}}, {"none", "s", {}}};
  flat.runs = {{0, {{"b_p95", {}}}, RunRecord::Fate::is_void}};
  return {empty, zero, alone, flat};
}

TEST(Page, NeverDrawsWhatIsNotANumber) {
  const auto page = to_html(odd());
  EXPECT_EQ(broken(page), "");
  for (const char* bad : {"\"nan", "\"-nan", "\"inf", "\"-inf", ",nan", ",-nan", ",inf", ",-inf", "nan,", ">nan", ">inf"}) EXPECT_THAT(page, Not(HasSubstr(bad)));
  EXPECT_THAT(page, HasSubstr("No run has counted"));
}

TEST(Page, TellsApartMoreArmsThanThereAreColours) {
  Record record;
  std::set<std::string> looks;
  for (int i = 0; i < 8; ++i) record.arms.push_back({"arm" + std::to_string(i), {}, {}, {}, 0, 0, 0, 0, 0});
  for (const auto& arm : record.arms) looks.insert(look_of(record, arm.arm));
  for (const char* known : {"static", "static2", "nolimit", "nolimit_low", "headroom", "headroom-file", "headroom-hidden", "headroom-static"})
    looks.insert(look_of(record, known));
  EXPECT_EQ(looks.size(), 16u);
}

TEST(Page, OfArmsWithoutBurstsSaysWhyThereIsNoMainPicture) {
  EXPECT_EQ(gain_plot(fixture::starts()), std::nullopt);
  EXPECT_THAT(to_html({fixture::starts()}), HasSubstr("Not in this picture, for want of step bursts, neighbours or a static arm: fixture-starts."));
}

}  // namespace
}  // namespace headroom::lab
