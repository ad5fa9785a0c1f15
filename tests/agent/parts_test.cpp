// Small parts of the agent: log lines, rate limit, credit, process figures, what headroomctl prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/accounting.hpp"
#include "agent/credits.hpp"
#include "agent/ctl_render.hpp"
#include "agent/log.hpp"
#include "agent/options.hpp"
#include "agent/process_stats.hpp"
#include "agent/state_json.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(LogLine, ATenantsNameCannotForgeALineOrBreakTheJson) {
  const std::string evil = "a\"}\n{\"level\":\"error";
  EXPECT_THAT(log_line(LogFormat::text, "lease", "begins", {{"group", evil}}), Not(HasSubstr("\n")));
  EXPECT_EQ(log_line(LogFormat::json, "lease", "begins", {{"group", evil}}),
            R"("kind":"lease","message":"begins","group":"a\"}\n{\"level\":\"error")");
}

TEST(LogLevels, ATypoIsNotSilence) {
  EXPECT_EQ(parse_level("warn"), LogLevel::warn);
  for (const char* bad : {"", "off", "nonsense", "Info", "warning"}) EXPECT_FALSE(parse_level(bad)) << bad;
}

TEST(RateLimiting, LetsABurstThroughThenOneATimeAndCountsTheRest) {
  RateLimit limit(2, seconds{1});
  const TimePoint t{seconds{100}};
  EXPECT_EQ(limit.admit("a", t), 0U);
  EXPECT_EQ(limit.admit("a", t), 0U);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.admit("a", t));
  EXPECT_EQ(limit.admit("b", t), 0U);   // kinds do not share
  EXPECT_EQ(limit.admit("a", t + seconds{1}), 5U);
  EXPECT_FALSE(limit.admit("a", t + milliseconds{1500}));
}

TEST(Credits, ComeBackAsTheyWereStored) {
  const std::vector<Policy::Credit> credits{{"pod \"x\"\n", nanoseconds{-5}}, {"", seconds{600}}};
  const auto back = parse_credits(format_credits("headroom", credits), "headroom");
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 2U);
  EXPECT_EQ((*back)[0].key, credits[0].key);
  EXPECT_EQ((*back)[0].left, credits[0].left);
  EXPECT_EQ((*back)[1].left, credits[1].left);
}

TEST(Credits, OfAnotherPolicyAreNotTaken) {
  const std::vector<Policy::Credit> credits{{"pod", seconds{1}}};
  EXPECT_EQ(parse_credits(format_credits("static", credits), "headroom")->size(), 0U);
}

TEST(Credits, DamagedFilesAreRefusedWhole) {
  for (const char* bad : {"", "[]", "{", R"({"policy":"p"})", R"({"policy":"p","credits":[1]})",
                          R"({"policy":"p","credits":[{"key":"a","leftNs":1.5}]})",
                          R"({"policy":"p","credits":[{"key":"a","leftNs":9000000000000000000}]})"})
    EXPECT_FALSE(parse_credits(bad, "p")) << bad;
}

TEST(ProcessFigures, SurviveANameWithBlanksAndParentheses) {
  const auto view = parse_process("7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 4 0 1000 8192 3 0", 100, 4096, 1e9);
  EXPECT_DOUBLE_EQ(view.cpu_seconds, 3.0);
  EXPECT_DOUBLE_EQ(view.threads, 4);
  EXPECT_DOUBLE_EQ(view.start_time_seconds, 1e9 + 10);
  EXPECT_DOUBLE_EQ(view.virtual_bytes, 8192);
  EXPECT_DOUBLE_EQ(view.resident_bytes, 3 * 4096);
  EXPECT_DOUBLE_EQ(parse_process("", 100, 4096, 0).threads, 0);
}

TEST(ProcessFigures, AllFilesThatMayBeOpenedAreAskedFor) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit usual{std::min<rlim_t>(256, before.rlim_max), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
  use_every_file_allowed();
  EXPECT_GE(read_process().max_fds, static_cast<double>(before.rlim_max));   // root may ask for more than it was given
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST(ProcessFigures, OfThisProcessAreThere) {
  const auto view = read_process();
  EXPECT_GE(view.threads, 1);
  EXPECT_GT(view.resident_bytes, 0);
  EXPECT_GT(view.open_fds, 2);
  EXPECT_GT(view.start_time_seconds, 1e9);
}

TEST(ForeignWriter, IsGuessedFromWhere) {
  Group container, slice;
  container.identity.kind = GroupKind::container;
  container.identity.pod_uid = "uid";
  slice.identity.kind = GroupKind::slice;
  FileEvent e;
  EXPECT_STREQ(looks_like(container, e), "kubelet");
  e.file = FileEvent::File::burst;   // neither kubelet nor runc ever writes it
  EXPECT_STREQ(looks_like(container, e), "unknown");
  EXPECT_STREQ(looks_like(slice, e), "unknown");
}

Report lending_report() {
  Report r;
  r.mode = "enforce";
  r.policy = "headroom";
  GroupReport g;
  g.path = "work/\x1b[31mstep";
  g.borrower = true;
  g.base_limit = MilliCpu{500};
  g.in_force = Bandwidth{microseconds{200'000}, microseconds{100'000}, microseconds{0}};
  g.lease = LeaseReport{"start", "hidden", MilliCpu{2000}, seconds{1}, seconds{19}, "it has just begun"};
  g.verdict = "it has just begun";
  g.throttle = {10, 5, seconds{3}};
  r.groups = {g};
  return r;
}

const std::string kTold = R"({"explanation": {}, "text": "\u001b[31mit borrows\nundo       pause\n"})";

TEST(Rendering, TopNamesTheBorrowerItsLeaseAndWhy) {
  const std::string screen = render_top(view_json(lending_report()), "", 10, Screen{});
  EXPECT_THAT(screen, HasSubstr("hidden"));
  EXPECT_THAT(screen, HasSubstr("it has just begun"));
  EXPECT_THAT(screen, HasSubstr("0.50"));
}

TEST(Rendering, TerminalEscapesInNamesNeverReachTheTerminal) {
  const Report r = lending_report();
  for (const std::string& text : {render_top(view_json(r), "", 10, Screen{}), render_throttled(view_json(r), 10, Screen{}),
                                  render_explain(explain_json(r, r.groups[0], kTold), Screen{})})
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Rendering, ExplainPrintsWhatTheLoopToldAndSaysWhereNothingIsWritten) {
  Report r = lending_report();
  r.mode = "observe";
  r.mode_reason = "no guard";
  const std::string text = render_explain(explain_json(r, r.groups[0], kTold), Screen{.paint = kColours});
  EXPECT_THAT(text, HasSubstr("it borrows"));
  EXPECT_THAT(text, HasSubstr("Mode is observe (no guard)"));
}

TEST(Rendering, StatusSaysWhyItDoesNotEnforce) {
  Report r;
  r.mode = "observe";
  r.mode_reason = "not enforcing: /run/headroom: Read-only file system";
  EXPECT_THAT(render_status(status_json(r), Paint{}), HasSubstr("Read-only file system"));
}

TEST(Json, InvalidUtf8InNamesIsReplacedAndNeverThrows) {
  Report r;
  GroupReport g;
  g.path = "a\xff\xfe";
  r.groups = {g};
  EXPECT_NO_THROW(groups_json(r));
}

TEST(CommandLine, TakesAConfigurationAfterCheckConfig) {
  char program[] = "headroomd", check[] = "--check-config", file[] = "x.yaml";
  char* argv[] = {program, check, file, nullptr};
  const auto parsed = parse_options(3, argv);
  ASSERT_TRUE(std::holds_alternative<Options>(parsed));
  EXPECT_EQ(std::get<Options>(parsed).task, Task::check_config);
  EXPECT_EQ(std::get<Options>(parsed).config, "x.yaml");
}

}  // namespace
}  // namespace headroom
