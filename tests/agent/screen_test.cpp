// What headroomctl prints fits what it prints on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/ctl_screen.hpp"
#include "agent/state_json.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::Not;

GroupReport throttled_group(std::uint64_t id, const std::string& path, const std::string& kind, seconds lost_now, seconds lost) {
  GroupReport g;
  g.id = id;
  g.slot = static_cast<Slot>(id);
  g.path = path;
  g.kind = kind;
  g.verdict = "its class may not borrow";
  g.throttle = {1000, 200, lost};
  if (lost_now.count() > 0) {
    g.throttled_for = seconds{30};
    g.stretch = {300, 150, lost_now};
  }
  return g;
}

Report throttled_node() {
  Report r;
  r.mode = "enforce";
  r.policy = "headroom";
  r.groups = {throttled_group(1, "kubepods/pod1", "pod", seconds{9}, seconds{9}),
              throttled_group(2, "kubepods/pod1/main", "container", seconds{0}, seconds{0}),
              throttled_group(3, "work/long-ago", "other", seconds{0}, seconds{500}),
              throttled_group(4, "work/now", "other", seconds{20}, seconds{21}),
              throttled_group(5, "work/never", "other", seconds{0}, seconds{0})};
  r.groups[1].throttle = r.groups[4].throttle = {};
  r.groups[1].borrower = true;
  r.groups[1].lease = LeaseReport{"burst", "file", MilliCpu{1500}, seconds{3}, seconds{0}, "it runs out"};
  return r;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out{""};
  for (const char c : text)
    if (c == '\n') out.emplace_back();
    else out.back() += c;
  return out;
}

std::size_t columns(const std::string& line) {
  std::size_t n = 0;
  for (const char c : line) n += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  return n;
}

TEST(Throttled, IsWorstFirstByWhatIsLostNowAndLeavesOutWhoIsNot) {
  const std::string text = render_throttled(view_json(throttled_node()), 10, {});
  const auto now = text.find("work/now"), pod = text.find("kubepods/pod1"), before = text.find("work/long-ago");
  EXPECT_LT(now, pod);
  EXPECT_LT(pod, before);
  EXPECT_NE(before, std::string::npos);
  EXPECT_THAT(text, Not(HasSubstr("work/never")));
}

TEST(Throttled, SaysSinceWhenForWhichShareOfThePeriodsAndWhatIsDone) {
  const std::string text = render_throttled(view_json(throttled_node()), 1, {});
  EXPECT_THAT(text, HasSubstr("30.0s"));
  EXPECT_THAT(text, HasSubstr("50.0%"));
  EXPECT_THAT(text, HasSubstr("nothing: its class may not borrow"));
  EXPECT_THAT(text, Not(HasSubstr("pod1")));   // one row was asked for
}

TEST(Throttled, WhoIsNotThrottledAnyMoreComesAfterWhoIs) {
  Report r = throttled_node();
  r.groups[3].throttled_ago = seconds{61};
  const std::string text = render_throttled(view_json(r), 10, {});
  EXPECT_LT(text.find("kubepods/pod1"), text.find("work/now"));
  EXPECT_THAT(text, HasSubstr("  over "));
  EXPECT_THAT(text, HasSubstr("before "));
}

TEST(Throttled, APodIsRaisedWithItsContainers) {
  Report r = throttled_node();
  EXPECT_THAT(render_throttled(view_json(r), 10, {}), HasSubstr("raised with the leases of 1 of its containers"));
  r.groups[1].lease.reset();
  r.groups[1].verdict = "its credit is spent";
  EXPECT_THAT(render_throttled(view_json(r), 10, {}), HasSubstr("nothing now; its container kubepods/pod1/main: its credit is spent"));
  r.groups[1].borrower = false;
  EXPECT_THAT(render_throttled(view_json(r), 10, {}), HasSubstr("none of its containers may borrow"));
  r.paused = true;
  EXPECT_THAT(render_throttled(view_json(r), 10, {}), HasSubstr("nothing: paused"));
}

TEST(Throttled, ObservingItWouldLend) {
  Report r = throttled_node();
  r.groups[3].lease = r.groups[1].lease;
  EXPECT_THAT(render_throttled(view_json(r), 10, {}), HasSubstr(" lends 1.50 cores (burst, file)"));
  r.mode = "observe";
  EXPECT_THAT(render_throttled(view_json(r), 10, {}), HasSubstr("would lend 1.50 cores"));
}

TEST(Throttled, JsonHasTheSameOrderAndTheSameWords) {
  const std::string text = throttled_json(view_json(throttled_node()), 10);
  EXPECT_LT(text.find("work/now"), text.find("work/long-ago"));
  EXPECT_THAT(text, HasSubstr("\"level\":\"pod\""));
  EXPECT_THAT(text, HasSubstr("raised with the leases"));
}

TEST(Top, FitsAWindowOfAnySizeAndIsWholeInAPipe) {
  Report r = throttled_node();
  for (int i = 0; i < 60; ++i)
    r.groups.push_back(throttled_group(10 + i, "kubepods/burstable/pod-with-a-rather-long-name-" + std::to_string(i), "other", seconds{1}, seconds{2}));
  for (const std::size_t width : {40U, 80U, 133U})
    for (const std::size_t height : {24U, 50U}) {
      const std::string text = cut_lines(render_top(view_json(r), "", 0, {{}, width, height}), width);
      for (const auto& line : lines(text)) EXPECT_LE(columns(line), width) << line;
      EXPECT_LT(lines(text).size(), height + 1) << text;
    }
  EXPECT_THAT(render_top(view_json(r), "", 100, {}), HasSubstr("pod-with-a-rather-long-name-59"));
}

std::size_t rows(const std::string& text, std::size_t width) {
  std::size_t out = 0;
  for (const auto& line : lines(text)) out += std::max<std::size_t>(1, (columns(line) + width - 1) / width);
  return out;
}

/// As long as an explanation may be, and as wide as it gets.
std::string told(const std::string& decision) {
  std::string text = decision + "\\n\\nto change  give it a class that may borrow: " + std::string(90, 'x') + " the-end\\n";
  for (int i = 0; i < 21; ++i) text += "pays       a neighbour " + std::string(60, 'n') + " has waited for what is told at some length " + std::to_string(i) + "\\n";
  return R"({"explanation": {}, "text": ")" + text + "\"}";
}

TEST(Explain, FitsAWindowOfAnySizeTellsTheDecisionWholeAndEverythingInAPipe) {
  Report r = throttled_node();
  for (int i = 0; i < 9; ++i) r.events.push_back("an event group=/" + r.groups[0].path);
  const std::string decision = "one/two/three does not borrow: for a reason that takes more than one line of an ordinary terminal to-tell";
  for (const std::size_t width : {60U, 80U, 133U})
    for (const std::size_t height : {24U, 50U}) {
      const std::string text = render_explain(explain_json(r, r.groups[0], told(decision)), {{}, width, height});
      EXPECT_LE(rows(text, width), height) << "the last, empty one is the prompt's\n" << text;
      EXPECT_THAT(text, HasSubstr("to-tell")) << "of the decision nothing is cut";
      EXPECT_THAT(text, HasSubstr("the-end")) << "nor of the change";
    }
  const std::string piped = render_explain(explain_json(r, r.groups[0], told(decision)), {});
  EXPECT_THAT(piped, HasSubstr("at some length 20\n"));
  EXPECT_THAT(piped, HasSubstr(decision));
}

TEST(Top, AndStatusSayThatItIsPaused) {
  Report r = throttled_node();
  EXPECT_THAT(render_top(view_json(r), "", 0, {}), Not(HasSubstr("PAUSED")));
  EXPECT_THAT(render_status(status_json(r), {}), Not(HasSubstr("PAUSED")));
  r.paused = true;
  EXPECT_THAT(render_top(view_json(r), "", 0, {}), HasSubstr("PAUSED"));
  EXPECT_THAT(render_status(status_json(r), {}), HasSubstr("PAUSED"));
}

TEST(CutLines, CountsWhatIsSeenAndEndsColoursBeyondTheCut) {
  EXPECT_EQ(cut_lines("\x1b[1mabcdef\x1b[0m\nab\n", 3), "\x1b[1mabc\x1b[0m\nab\n");
  EXPECT_EQ(cut_lines("ä…öx\n", 3), "ä…ö\n");
  EXPECT_EQ(cut_lines("abcdef", 0), "abcdef");
}

TEST(WrapLines, BreaksAtBlanksAndIndentsWhatFollows) {
  EXPECT_EQ(wrap_lines("mode      one two three\n", 18, 4), "mode      one two\n    three\n");
  EXPECT_EQ(wrap_lines("short\n", 18, 4), "short\n");
  EXPECT_EQ(wrap_lines("averyveryverylongwordwithoutablank\n", 18, 4), "averyveryverylongwordwithoutablank\n");
  EXPECT_EQ(wrap_lines("any length at all\n", 0, 4), "any length at all\n");
}

}  // namespace
}  // namespace headroom
