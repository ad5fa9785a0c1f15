// Manual pages and completions say what --help says, of every program and command: nothing is written down twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/cli/programs.hpp"

namespace headroom::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

std::string without(std::string text, char c) {
  std::erase(text, c);
  return text;
}

/// The option as fish names it: "-l output", "-s o".
std::string in_fish(const std::string& option) {
  return option.rfind("--", 0) == 0 ? " -l " + option.substr(2) + " " : " -s " + option.substr(1) + " ";
}

/// Every option of one --help, and of those of the commands below it.
void expect_documented(const Documented& d, std::vector<std::string> words) {
  const Ran help = [&] {
    auto all = words;
    all.push_back("--help");
    return run(all);
  }();
  ASSERT_EQ(help.code, 0) << help.err;
  const auto options = options_in(help.out);
  ASSERT_THAT(options, Contains("--help")) << help.out;
  const std::string man = without(page(d, "man"), '\\'), bash = page(d, "bash"), zsh = page(d, "zsh"), fish = page(d, "fish");
  for (const auto& option : options) {
    EXPECT_THAT(man, HasSubstr("fB" + option + "fR")) << words.back();
    EXPECT_THAT(bash, HasSubstr(option)) << words.back();
    EXPECT_THAT(zsh, HasSubstr(option)) << words.back();
    EXPECT_THAT(fish, HasSubstr(in_fish(option))) << words.back();
  }
  for (const auto& command : commands_in(help.out)) {
    EXPECT_THAT(man, HasSubstr(".SS ")) << command;
    EXPECT_THAT(fish, HasSubstr(" -a " + command + " ")) << command;
    EXPECT_THAT(zsh, HasSubstr("'" + command + ":")) << command;
    auto below = words;
    below.push_back(command);
    expect_documented(d, below);
  }
}

/// Of one --help, and of those of the commands below it.
std::set<std::string> options_of(std::vector<std::string> words) {
  words.push_back("--help");
  const std::string help = run(words).out;
  words.pop_back();
  auto out = options_in(help);
  for (const auto& command : commands_in(help)) {
    auto below = words;
    below.push_back(command);
    out.merge(options_of(below));
  }
  return out;
}

/// What a manual page prints in bold and with a minus sign in front.
std::set<std::string> options_on(const std::string& man) {
  constexpr std::string_view kBegin = "fB-", kEnd = "fR";
  std::set<std::string> out;
  for (auto at = man.find(kBegin); at != std::string::npos; at = man.find(kBegin, at + 1))
    out.insert(man.substr(at + 2, man.find(kEnd, at) - at - 2));
  return out;
}

class Pages : public testing::TestWithParam<Documented> {};

TEST_P(Pages, HaveEveryOptionThatHelpHas) { expect_documented(GetParam(), {program(GetParam().name)}); }

TEST_P(Pages, OfTheManualHaveNoOptionThatHelpHasNot) {
  const auto on_page = options_on(without(page(GetParam(), "man"), '\\'));
  EXPECT_THAT(on_page, Contains("--help"));
  EXPECT_THAT(options_of({program(GetParam().name)}), testing::IsSupersetOf(on_page));
}

TEST_P(Pages, OfTheManualHaveTheirSectionsAndTheProgramsVersion) {
  const std::string man = page(GetParam(), "man");
  for (const char* section : {".SH NAME\n", ".SH SYNOPSIS\n", ".SH DESCRIPTION\n", ".SH OPTIONS\n", ".SH EXIT STATUS\n", ".SH SEE ALSO\n"})
    EXPECT_THAT(man, HasSubstr(section));
  const Ran version = run({program(GetParam().maker), "--version"});
  if (version.code == 0) {
    const std::string number = version.out.substr(version.out.rfind(' ') + 1);
    EXPECT_THAT(man.substr(0, man.find('\n')), HasSubstr(number.substr(0, number.size() - 1)));
  }
}

void expect_clean_for_the_formatter(const std::string& text) {
  if (run({"groff", "--version"}).code != 0) GTEST_SKIP() << "no groff";
  const std::string file = testing::TempDir() + "headroom-page-" + std::to_string(::getpid());
  std::ofstream(file) << text;
  const Ran lint = run({"groff", "-man", "-ww", "-z", "-Tutf8", "-Kutf8", file});
  std::filesystem::remove(file);
  EXPECT_EQ(lint.code, 0);
  EXPECT_EQ(lint.err, "");
}

TEST_P(Pages, OfTheManualAreCleanForTheFormatterWhereThereIsOne) { expect_clean_for_the_formatter(page(GetParam(), "man")); }

TEST(ConfigPage, IsCleanForTheFormatter) {
  const Ran man = run({program("headroomd"), "--generate", "config-man"});
  ASSERT_EQ(man.code, 0) << man.err;
  expect_clean_for_the_formatter(man.out);
}

TEST_P(Pages, AnUnknownKindIsRefusedAndNothingElseIsTakenForTheQuestion) {
  const auto& d = GetParam();
  EXPECT_EQ(run({program(d.maker), "--generate", std::string(d.prefix) + "html"}).code, 2);
  EXPECT_NE(run({program(d.maker), "--generate"}).code, 0);
}

INSTANTIATE_TEST_SUITE_P(All, Pages, testing::ValuesIn(kPrograms),
                         [](const auto& of) { return std::to_string(of.index) + without(of.param.name, '-'); });

/// What bash offers after these words; the last is the one being written.
std::vector<std::string> offered(const Documented& d, const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += " '" + word + "'";
  std::string function = "_" + std::string(d.name);
  std::replace(function.begin(), function.end(), '-', '_');
  const std::string script = page(d, "bash") + "\nCOMP_WORDS=(" + line + ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) + "\n" +
                             function + "\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
  const Ran ran = run({"bash", "-c", script});
  EXPECT_EQ(ran.err, "");
  std::vector<std::string> out;
  for (std::size_t from = 0; from < ran.out.size();) {
    const std::size_t end = ran.out.find('\n', from);
    if (end > from) out.push_back(ran.out.substr(from, end - from));
    from = end + 1;
  }
  return out;
}

const Documented& ctl() { return kPrograms[2]; }

TEST(BashCompletion, KnowsCommandsTheirOptionsAndTheirValues) {
  EXPECT_THAT(offered(ctl(), {"headroomctl", "thr"}), ElementsAre("throttled"));
  EXPECT_THAT(offered(ctl(), {"headroomctl", "res"}), UnorderedElementsAre("resume", "restore"));
  EXPECT_THAT(offered(ctl(), {"headroomctl", "-o", ""}), UnorderedElementsAre("text", "json"));
  EXPECT_THAT(offered(ctl(), {"headroomctl", "-o", "json", "doctor", "--re"}), ElementsAre("--report"));
  EXPECT_THAT(offered(ctl(), {"headroomctl", "top", "--out"}), ElementsAre("--output"));   // of the program, holds here too
  EXPECT_THAT(offered(ctl(), {"headroomctl", "top", "--rep"}), IsEmpty());
  EXPECT_THAT(offered(kPrograms[0], {"headroomd", "--mode", "e"}), ElementsAre("enforce"));
  EXPECT_THAT(offered(kPrograms[0], {"headroomd", "--judge", "w"}), ElementsAre("wait-sum"));
}

TEST(BashCompletion, OffersFilesWhereAFileIsWanted) {
  EXPECT_THAT(offered(kPrograms[0], {"headroomd", "--config", "/etc/host"}), Contains("/etc/hostname"));
  EXPECT_THAT(offered(kPrograms[0], {"headroomd", "--run-dir", "/et"}), ElementsAre("/etc"));
}

TEST(Completions, AreTakenByTheirShellsWhereThoseAreInstalled) {
  for (const auto& d : kPrograms)
    for (const char* shell : {"bash", "zsh", "fish"}) {
      if (run({shell, "-c", "exit"}).code != 0) continue;
      const std::string file = testing::TempDir() + "headroom-completion-" + std::to_string(::getpid());
      std::ofstream(file) << page(d, shell);
      const Ran parsed = run({shell, "-n", file});
      std::filesystem::remove(file);
      EXPECT_EQ(parsed.code, 0) << d.name << " " << shell << ": " << parsed.err;
    }
}

}  // namespace
}  // namespace headroom::test
