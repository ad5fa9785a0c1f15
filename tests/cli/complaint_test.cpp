// A wrong command line: the word that is wrong is named, with what was probably meant, and where to read on.
#include <gtest/gtest.h>

#include "tests/cli/programs.hpp"

namespace headroom::test {
namespace {

struct Wrong {
  std::vector<std::string> words;
  const char* said;
};

class WrongCommandLine : public testing::TestWithParam<Wrong> {};

TEST_P(WrongCommandLine, IsToldFromWhatWasMeant) {
  std::vector<std::string> words = GetParam().words;
  const std::string name = words.front();
  words.front() = program(name);
  const Ran ran = run(words);
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err.substr(0, ran.err.find('\n')), name + ": " + GetParam().said);
  EXPECT_NE(ran.err.find(" --help says what there is\n"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Each, WrongCommandLine,
    testing::Values(
        Wrong{{"headroomctl", "statsu"}, "statsu: no such command; did you mean status?"},
        Wrong{{"headroomctl", "zzz"}, "zzz: no such command; there are status, top, throttled, explain, record, doctor, limits, import, baseline, pause, "
                                      "resume, restore, config"},
        Wrong{{"headroomctl"}, "want a command: status, top, throttled, explain, record, doctor, limits, import, baseline, pause, resume, restore, config"},
        Wrong{{"headroomctl", "status", "--sokcet", "x"}, "--sokcet: no such option; did you mean --socket?"},
        Wrong{{"headroomctl", "config", "tset"}, "tset: no such command; did you mean test?"},
        Wrong{{"headroomctl", "-o", "jsno", "status"}, "--output: want text | json, got \"jsno\"; did you mean json?"},
        Wrong{{"headroomd", "--mode", "obsrve"}, "--mode: want off | observe | enforce, got \"obsrve\"; did you mean observe?"},
        Wrong{{"headroomd", "--mode", "2"}, "--mode: want off | observe | enforce, got \"2\""},
        Wrong{{"headroomd", "--judge", "presure"},
              "--judge: want auto | pressure | wait-sum | run-delay | none, got \"presure\"; did you mean pressure?"},
        Wrong{{"headroomd", "--frobnicate=x"}, "--frobnicate=x: no such option"},
        Wrong{{"headroom-lab", "rnu"}, "rnu: no such command; did you mean run?"}));

TEST(CommandLine, ChoicesAreTakenInEitherCase) {
  const Ran ran = run({program("headroomctl"), "-o", "JSON", "--socket", "/nonexistent/x", "status"});
  EXPECT_NE(ran.out.find("{\"error\":"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace headroom::test
