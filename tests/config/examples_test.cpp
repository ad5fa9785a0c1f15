// Every example that is shipped is valid, and says nothing that is not in force.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/config.hpp"
#include "workloads/identity.hpp"

namespace headroom {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::filesystem::path kExamples = HEADROOM_SOURCE_DIR "/examples";

TEST(Examples, AreValidAndInForce) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kExamples)) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    const auto config = parse_config(text_of(entry.path()), entry.path().filename().string());
    if (config) {
      for (const auto& warning : config->warnings) ADD_FAILURE() << warning;
      continue;
    }
    for (const auto& fault : config.error()) ADD_FAILURE() << fault.where << ": " << fault.detail;
  }
  EXPECT_GE(count, 1);
}

TEST(Examples, EmbeddedDoesWhatItsCommentsSay) {
  const auto config = parse_config(text_of(kExamples / "embedded.yaml"), "embedded.yaml");
  ASSERT_TRUE(config);
  const auto rule = [&](const std::string& path) { return classify(identify(path), path, config->classes); };
  EXPECT_EQ(config->mode, Mode::observe);
  EXPECT_EQ(rule("dflow.slice/run-u42.scope").name, "step");
  EXPECT_EQ(rule("dflow.slice/dflow-batch.slice/relax-0007.scope").qos, QosClass::step);
  EXPECT_FALSE(rule("dflow.slice").borrow) << "the slice itself is nobody's step";
  EXPECT_EQ(rule("workers/a").borrow->visibility, Visibility::hidden);
  EXPECT_EQ(rule("apps.slice/web.service").name, "latency");
  EXPECT_EQ(rule("apps.slice/db/main").qos, QosClass::ls);
  EXPECT_EQ(rule("user.slice/user-1000.slice/session-3.scope").name, "none");
  EXPECT_EQ(rule("system.slice/ssh.service").qos, QosClass::system);
}

}  // namespace
}  // namespace headroom
