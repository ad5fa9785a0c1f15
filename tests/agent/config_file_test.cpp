// The configuration as a file: read, missing, watched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/config_watch.hpp"
#include "agent/daemon.hpp"
#include "agent/loaded_config.hpp"

namespace headroom {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() : dir_(testing::TempDir() + "headroom-config-" + std::to_string(::getpid())) { fs::create_directories(dir_); }
  ~ConfigFile() override { fs::remove_all(dir_); }
  std::string in(const std::string& name) const { return dir_ + "/" + name; }
  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  std::vector<Error> faults(const std::string& file) const {
    Options options;
    options.config = file;
    const auto loaded = load_config(options);
    return loaded ? std::vector<Error>{} : loaded.error();
  }

  std::string dir_;
};

TEST_F(ConfigFile, ThatCannotBeReadIsSaidWithTheWayOut) {
  ASSERT_EQ(faults(in("none.yaml")).size(), 1U);
  EXPECT_EQ(faults(in("none.yaml"))[0].where, in("none.yaml"));
  EXPECT_THAT(faults(in("none.yaml"))[0].detail, HasSubstr("name a file that is there"));
  ASSERT_EQ(faults(dir_).size(), 1U) << "a directory is no empty file";
  EXPECT_THAT(faults(dir_)[0].detail, HasSubstr("is a directory"));
}

TEST_F(ConfigFile, TheInvalidSampleIsRefusedAtItsSevenPlacesWithExitStatusOne) {
  std::ifstream sample(HEADROOM_SOURCE_DIR "/tests/golden/configmap-headroom-invalid.yaml");
  std::string text, line;
  for (bool inside = false; std::getline(sample, line); inside = inside || line == "  headroom.yaml: |") {
    if (inside) text += (line.size() > 4 ? line.substr(4) : "") + "\n";
  }
  write(in("headroom.yaml"), text);
  const char* const places[] = {"5:13: rollout[1].nodes", "7:11: node.target", "9:12: contract.adedWait",
                                "14:22: classes[0].match[1].dockerName", "15:20: classes[0].borrow.upTo", "19:10: classes[1].cap",
                                "21:40: signals.nodeLabel"};
  Options options;
  options.task = Task::check_config;
  options.config = in("headroom.yaml");
  testing::internal::CaptureStderr();
  const Exit exit = run_task(options);
  std::istringstream said(testing::internal::GetCapturedStderr());
  EXPECT_EQ(static_cast<int>(exit), 1);
  for (const char* place : places) {
    ASSERT_TRUE(std::getline(said, line));
    EXPECT_THAT(line, testing::StartsWith("headroomd: " + in("headroom.yaml:") + place + ": "));
  }
  EXPECT_FALSE(std::getline(said, line)) << line;
}

TEST_F(ConfigFile, ParametersOfThePolicyArePartOfItsFaults) {
  write(in("a.yaml"), "tuning: {hold: 1h}\n");
  ASSERT_EQ(faults(in("a.yaml")).size(), 1U);
  EXPECT_THAT(faults(in("a.yaml"))[0].where, HasSubstr("a.yaml:1:16: tuning.hold"));
}

/// "PATH=VALUE (FROM)" of everything that holds whatever the file says.
std::vector<std::string> overrides_of(const Options& options) {
  const auto loaded = load_config(options);
  std::vector<std::string> out;
  for (const Override& o : loaded ? loaded->overrides : std::vector<Override>{}) out.push_back(o.path + "=" + o.value + " (" + o.from + ")");
  return out;
}

TEST_F(ConfigFile, WhatComesBeforeItIsKnownByNameAndOrigin) {
  using testing::ElementsAre;
  using testing::IsEmpty;
  write(in("a.yaml"), "rollout: [{nodes: {pool: a}, enforce: 100%}, {enforce: 100%}]\n");
  Options options;
  options.config = in("a.yaml");
  options.node_name = "n1";
  options.node_labels = "pool=b";
  EXPECT_THAT(overrides_of(options), ElementsAre("mode=enforce (raised by rollout[1])"));
  options.mode = Mode::observe;
  EXPECT_THAT(overrides_of(options), ElementsAre("mode=observe (command line (--mode))")) << "a rollout leaves it alone";
  write(in("a.yaml"), "mode: observe\ntuning: {cpuBurstPercent: 100}\n");
  options.policy = "koordinator";
  options.koordinator_config = in("slo.json");
  write(in("slo.json"), R"({"clusterStrategy":{"policy":"auto","cpuBurstPercent":500,"cfsQuotaBurstPercent":200}})");
  const auto told = overrides_of(options);
  EXPECT_THAT(told, Contains("policy=koordinator (command line (--policy))"));
  EXPECT_THAT(told, Contains("tuning.cfsQuotaBurstPercent=200 (" + in("slo.json") + " (--koordinator-config))"));
  EXPECT_THAT(told, testing::Not(Contains(HasSubstr("tuning.cpuBurstPercent")))) << "the file comes over Koordinator's";
  options = {};
  options.config = in("a.yaml");
  write(in("a.yaml"), "mode: enforce\n");
  EXPECT_THAT(overrides_of(options), IsEmpty());
}

TEST_F(ConfigFile, ThatIsTooLongIsNotReadToItsEnd) {
  write(in("long.yaml"), "#" + std::string(3 << 20, ' '));
  ASSERT_EQ(faults(in("long.yaml")).size(), 1U);
  EXPECT_THAT(faults(in("long.yaml"))[0].detail, HasSubstr("want at most 1048576 bytes"));
}

TEST_F(ConfigFile, AChangeIsHeardAndWhatIsNoChangeIsNot) {
  write(in("a.yaml"), "");
  ConfigWatch watch(in("a.yaml"));
  EXPECT_FALSE(watch.take());
  write(in("b.yaml"), "x");
  EXPECT_FALSE(watch.take()) << "somebody else's file";
  { const std::ifstream reader(in("a.yaml")); }
  EXPECT_FALSE(watch.take()) << "who reads changes nothing";
  std::ofstream writer(in("a.yaml"), std::ios::trunc);
  writer.flush();
  EXPECT_FALSE(watch.take()) << "it is not written yet: an empty one would be valid";
  writer << "mode: off\n";
  writer.close();
  EXPECT_TRUE(watch.take());
  write(in("a.new"), "mode: observe\n");
  fs::rename(in("a.new"), in("a.yaml"));
  EXPECT_TRUE(watch.take());
  fs::remove(in("a.yaml"));
  EXPECT_TRUE(watch.take());
}

TEST_F(ConfigFile, LinksAreFollowedToWhereTheyLead) {
  fs::create_directories(in("etc"));
  fs::create_directories(in("opt"));
  write(in("opt/real.yaml"), "");
  fs::create_symlink("../opt/real.yaml", in("etc/headroom.yaml"));
  ConfigWatch watch(in("etc/headroom.yaml"));
  write(in("opt/real.yaml"), "mode: off\n");
  EXPECT_TRUE(watch.take()) << "the file that is meant";
  write(in("opt/other.yaml"), "");
  fs::create_symlink("../opt/other.yaml", in("etc/link"));
  fs::rename(in("etc/link"), in("etc/headroom.yaml"));
  EXPECT_TRUE(watch.take()) << "the link";
  watch.follow();
  write(in("opt/other.yaml"), "mode: off\n");
  EXPECT_TRUE(watch.take()) << "where it leads now";
}

TEST_F(ConfigFile, TheDataLinkOfAMountIsFollowedThroughAllItsVersions) {
  const auto swap = [&](const std::string& version) {
    fs::create_directories(in(version));
    write(in(version + "/headroom.yaml"), version);
    fs::create_directory_symlink(version, in("..data_tmp"));
    fs::rename(in("..data_tmp"), in("..data"));
  };
  swap("..1");
  fs::create_symlink("..data/headroom.yaml", in("headroom.yaml"));
  ConfigWatch watch(in("headroom.yaml"));
  for (const std::string version : {"..2", "..3", "..4"}) {
    EXPECT_FALSE(watch.take());
    swap(version);
    EXPECT_TRUE(watch.take()) << version;
    watch.follow();
    fs::remove_all(in(".." + std::to_string(std::stoi(version.substr(2)) - 1)));
    (void)watch.take();   // of the version that went
  }
}

TEST_F(ConfigFile, KoordinatorsConfigMapIsTakenAsItIs) {
  const std::string golden = HEADROOM_SOURCE_DIR "/tests/golden/kubernetes/";
  Options options;
  options.config = in("headroom.yaml");
  std::ofstream(options.config) << "policy: koordinator\ntuning: {cfsQuotaBurstPercent: 170}\n";
  options.koordinator_config = golden + "configmap-slo.json";
  const auto plain = load_config(options);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->config.tuning.values.at("policy").text, "auto");
  EXPECT_EQ(plain->config.tuning.values.at("cfsQuotaBurstPercent").text, "170") << "ours comes over it";
  EXPECT_THAT(plain->config.warnings, Contains(HasSubstr("--node-labels"))) << "it has strategies by label";
  EXPECT_THAT(plain->config.warnings, Contains(HasSubstr("ignored: resource-threshold-config")));
  options.node_labels = "pool=gpu";
  EXPECT_EQ(load_config(options)->config.tuning.values.at("policy").text, "cpuBurstOnly");
  options.policy = "headroom";
  EXPECT_FALSE(load_config(options)) << "that tuning is not this policy's";
  options.config.clear();
  EXPECT_THAT(load_config(options)->config.warnings, Contains(HasSubstr("not in force")));
  options.koordinator_config = golden + "configmap-slo-invalid.json";
  const auto broken = load_config(options);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().front().where, HasSubstr("configmap-slo-invalid.json: cpu-burst-config:"));
}

}  // namespace
}  // namespace headroom
