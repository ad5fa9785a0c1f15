// Docker's answers, and the names that tenants give.
#include <chrono>

#include "tests/workloads/kube_golden.hpp"

namespace headroom {
namespace {

using kube::golden;
using kube::json;

Match docker_match() {
  for (const ClassConfig& config : kube::sample_config().classes)
    for (const Match& entry : config.match)
      if (!entry.docker_name.empty()) return entry;
  ADD_FAILURE() << "the sample configuration has no dockerName";
  return {};
}

TEST(DockerName, EveryGoldenNameIsRight) {
  const Match match = docker_match();
  for (const json& row : json::parse(golden("kubernetes/docker-name-cases.json"))) {
    const std::string name = row.at("name");
    const auto groups = docker_name_groups(match.docker_name, match.ports, name);
    ASSERT_EQ(groups.has_value(), row.at("match").get<bool>()) << name;
    if (!groups) continue;
    EXPECT_EQ(groups->at("host"), row.at("host")) << name;
    for (const char* number : {"version", "mem_gib", "gpu_gib", "port"}) EXPECT_EQ(std::stoi(groups->at(number)), row.at(number)) << name;
  }
}

TEST(DockerName, APatternThatRe2RefusesMatchesNothing) { EXPECT_FALSE(docker_name_groups("(?!x)", std::nullopt, "x")); }

TEST(Docker, AListNamesItsContainers) {
  const auto list = parse_docker_list(golden("kubernetes/docker-containers-json.json"), "docker");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 4U);
  EXPECT_EQ((*list)[0].name, "m7_v101_30G_0G_26000");
  EXPECT_EQ((*list)[0].id.size(), 64U);
}

TEST(Docker, AnInspectionTellsItsLimit) {
  const auto rows = json::parse(golden("kubernetes/docker-inspect.json"));
  const std::optional<MilliCpu> cpus[] = {MilliCpu{4000}, MilliCpu{4000}, MilliCpu{2000}, std::nullopt};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto container = parse_docker_inspect(rows[i].dump(), "docker");
    ASSERT_TRUE(container);
    EXPECT_EQ(container->cpus, cpus[i]) << container->name;
  }
}

TEST(Docker, EventsSayWhatCameAndWent) {
  std::istringstream lines(golden("kubernetes/docker-events.ndjson"));
  std::vector<DockerEvent::What> got;
  std::int64_t last = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto event = parse_docker_event(line);
    ASSERT_TRUE(event) << line;
    EXPECT_GE(event->at, last);
    last = event->at;
    got.push_back(event->what);
  }
  using enum DockerEvent::What;
  EXPECT_EQ(got, (std::vector{other, appeared, changed, changed, gone, gone}));
}

TEST(Docker, WhatIsNoAnswerSaysSo) {
  for (const char* text : {"", "{}", "7", "[", "null"}) {
    EXPECT_EQ(parse_docker_list(std::string(text) == "{}" ? "{\"message\":\"no\"}" : text, "docker").error().code, Errc::malformed) << text;
    EXPECT_FALSE(parse_docker_inspect(text, "docker")) << text;
  }
  EXPECT_FALSE(parse_docker_event("7"));
  EXPECT_EQ(parse_docker_event("{}")->what, DockerEvent::What::other);
}

}  // namespace
}  // namespace headroom
