// What is pure calls nothing of the outside world: no file, no clock, no environment, no randomness, no socket.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

namespace {

const std::string kBuild = std::string(HEADROOM_BIN_DIR) + "/..";

/// (open|openat|p?read|p?write)(64)?|__p?read(64)?_chk|clock_gettime|gettimeofday|time|getenv|s?rand|random|getrandom|
/// socket|std::chrono::(steady|system)_clock::now, whole names.
std::set<std::string> forbidden() {
  std::set<std::string> names{"__read_chk", "__pread_chk", "__read64_chk", "__pread64_chk", "clock_gettime", "gettimeofday", "time",
                              "getenv",     "srand",       "rand",         "random",        "getrandom",     "socket",
                              "_ZNSt6chrono3_V212steady_clock3nowEv", "_ZNSt6chrono3_V212system_clock3nowEv"};
  for (const std::string name : {"open", "openat", "read", "pread", "write", "pwrite"}) {
    names.insert(name);
    names.insert(name + "64");
  }
  return names;
}

/// The build type that CMake was configured with.
std::string build_type() {
  std::ifstream cache(kBuild + "/CMakeCache.txt");
  std::string line;
  const std::string key = "CMAKE_BUILD_TYPE:STRING=";
  while (std::getline(cache, line)) {
    if (line.starts_with(key)) return line.substr(key.size());
  }
  return "unknown";
}

/// What an archive needs from elsewhere: the second column of `nm -u`.
std::set<std::string> undefined_of(const std::string& archive) {
  std::set<std::string> names;
  const std::string command = "nm -u '" + archive + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) return names;
  char* line = nullptr;
  std::size_t size = 0;
  while (getline(&line, &size, pipe.get()) > 0) {
    std::istringstream words(line);
    std::string kind, name;
    if (words >> kind >> name) names.insert(name);
  }
  std::free(line);
  return names;
}

class Purity : public testing::TestWithParam<const char*> {};

TEST_P(Purity, NothingOfTheOutsideWorldIsCalled) {
  const auto archive = kBuild + "/libheadroom_" + GetParam() + ".a";
  if (!std::filesystem::exists(archive)) {
    ASSERT_NE(build_type(), "Release") << archive << " is missing: build it, or purity is not enforced";
    GTEST_SKIP() << archive << " is missing in this " << build_type() << " build: purity was not checked";
  }
  const auto names = undefined_of(archive);
  ASSERT_FALSE(names.empty()) << "nm gave nothing for " << archive << ": are binutils installed?";
  for (const auto& name : forbidden()) EXPECT_FALSE(names.contains(name)) << archive << " calls " << name;
}

INSTANTIATE_TEST_SUITE_P(Archives, Purity, testing::Values("policies", "model", "engine", "sim"),
                         [](const auto& archive) { return std::string(archive.param); });

}  // namespace
