// The folder picture of docs/architecture.md, read against every #include: includes point down, siblings are strangers.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const std::string kRepo = HEADROOM_SOURCE_DIR;

using Folders = std::set<std::string>;

Folders operator+(Folders a, const Folders& b) {
  a.insert(b.begin(), b.end());
  return a;
}

const Folders kBelowPolicies{"cgroups/types", "metrics/model"};
const Folders kBelowEdges = kBelowPolicies + Folders{"policies"};
const Folders kEdges{"engine", "config", "workloads", "metrics/export", "cgroups/fs", "systemd", "cli"};

/// Folder -> what its files may include beside their own folder.
const std::map<std::string, Folders> kPicture{
    {"cgroups/types", {}},
    {"cgroups/ledger", {}},
    {"metrics/model", {"cgroups/types"}},
    {"policies", kBelowPolicies},
    {"engine", kBelowEdges},
    {"config", kBelowEdges},
    {"workloads", kBelowEdges},
    {"metrics/export", kBelowEdges},
    {"cgroups/fs", kBelowEdges},
    {"systemd", kBelowEdges},
    {"cli", {"cgroups/types"}},
    {"agent", kBelowEdges + kEdges + Folders{"cgroups/ledger", "agent/sources"}},
    {"agent/sources", kBelowEdges + Folders{"workloads", "config", "systemd", "agent"}},   // of agent the log and the clock
    {"lab", kBelowEdges + kEdges + Folders{"cgroups/ledger", "lab/sim"}},
    {"lab/sim", kBelowEdges + Folders{"engine", "lab"}},   // of lab the vocabulary: loads and draws
    {"lab/bench", kBelowEdges + kEdges + Folders{"cgroups/ledger", "agent", "lab", "lab/sim"}},   // measures the live edges themselves
};

struct Include {
  std::string file;     ///< relative to the repository
  int line = 0;
  std::string target;
  bool quoted = false;
};

std::vector<Include> includes_of(const fs::path& path) {
  std::vector<Include> result;
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const auto begin = line.find_first_of("\"<");
    if (!line.starts_with("#include") || begin == std::string::npos) continue;
    const auto end = line.find_first_of("\">", begin + 1);
    result.push_back({fs::relative(path, kRepo), number, line.substr(begin + 1, end - begin - 1), line[begin] == '"'});
  }
  return result;
}

bool is_source(const fs::path& path) { return path.extension() == ".cpp" || path.extension() == ".hpp"; }

/// Every include of the program's own folders; tests may include all.
std::vector<Include> all_includes() {
  std::vector<Include> result;
  for (const auto& top : fs::directory_iterator(kRepo)) {
    const auto name = top.path().filename().string();
    if (!top.is_directory() || name.starts_with('.') || name == "build" || name == "tests") continue;
    for (const auto& entry : fs::recursive_directory_iterator(top.path())) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      for (auto& include : includes_of(entry.path())) result.push_back(std::move(include));
    }
  }
  return result;
}

std::string folder_of(const std::string& file) { return fs::path(file).parent_path(); }

/// headroom-guard has to survive whatever the daemon does: libc and the ledger are all that it may use.
const std::string kGuard = "agent/main_guard.cpp";

TEST(Includes, EveryFolderWithSourcesIsInThePicture) {
  for (const auto& include : all_includes()) {
    EXPECT_TRUE(kPicture.contains(folder_of(include.file))) << include.file << " lies in a folder that the picture does not know";
  }
}

TEST(Includes, PointDownAndNeverToSiblings) {
  const auto includes = all_includes();
  ASSERT_GT(includes.size(), 100U) << "the repository was not found in " << kRepo;
  for (const auto& include : includes) {
    if (!include.quoted) continue;
    const auto from = folder_of(include.file);
    const auto to = folder_of(include.target);
    if (from == to) continue;
    const auto allowed = kPicture.find(from);
    EXPECT_TRUE(allowed != kPicture.end() && allowed->second.contains(to))
        << include.file << ":" << include.line << ": " << from << " may not include " << include.target;
  }
}

TEST(Includes, TheGuardUsesTheLedgerAndNothingElse) {
  ASSERT_TRUE(fs::exists(kRepo + "/" + kGuard));
  for (const auto& include : all_includes()) {
    if (include.file != kGuard || !include.quoted || include.target == "agent/guard_options.hpp") continue;   // texts
    EXPECT_EQ(folder_of(include.target), "cgroups/ledger") << include.file << ":" << include.line << ": " << include.target;
  }
}

TEST(Includes, HeavyLibrariesStayOutOfHeaders) {
  for (const auto& include : all_includes()) {
    if (!include.file.ends_with(".hpp")) continue;
    for (const std::string heavy : {"nlohmann/", "httplib", "yaml-cpp/", "rapidcheck", "re2/", "curl/"}) {
      EXPECT_FALSE(include.target.starts_with(heavy)) << include.file << ":" << include.line << ": " << include.target;
    }
  }
}

TEST(Includes, PureFoldersHaveNoHeadersOfTheOutsideWorld) {
  const Folders pure{"cgroups/types", "metrics/model", "policies", "engine"};
  const std::set<std::string> world{"fstream", "iostream", "filesystem", "thread", "random", "mutex", "ctime", "cstdio", "unistd.h",
                                    "fcntl.h", "time.h", "stdio.h", "poll.h", "signal.h"};
  for (const auto& include : all_includes()) {
    if (include.quoted || !pure.contains(folder_of(include.file))) continue;
    const bool outside = world.contains(include.target) || include.target.starts_with("sys/") || include.target.starts_with("spdlog/");
    EXPECT_FALSE(outside) << include.file << ":" << include.line << ": " << include.target;
  }
}

TEST(Includes, TheVocabularyNeedsTheStandardLibraryFmtAndExpectedOnly) {
  for (const auto& include : all_includes()) {
    if (include.quoted || folder_of(include.file) != "cgroups/types") continue;
    const bool standard = include.target.find_first_of("/.") == std::string::npos;
    EXPECT_TRUE(standard || include.target.starts_with("fmt/") || include.target == "tl/expected.hpp")
        << include.file << ":" << include.line << ": " << include.target;
  }
}

}  // namespace
