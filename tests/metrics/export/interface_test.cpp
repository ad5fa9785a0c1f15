// Names, types and labels are an interface: what tests/golden/metrics.txt lists is there, exactly so.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "metrics/export/export.hpp"

namespace headroom {
namespace {

struct Listed {
  std::string name, type, labels;   ///< labels: comma-separated in order; "-": none
};

std::vector<Listed> listed() {
  std::vector<Listed> out;
  std::ifstream in(std::string(HEADROOM_SOURCE_DIR) + "/tests/golden/metrics.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind('#', 0) == 0) continue;
    Listed row;
    std::istringstream(line) >> row.name >> row.type >> row.labels;
    out.push_back(row);
  }
  return out;
}

/// A node on which everything has happened once, with and without Kubernetes' names.
ExportView everything() {
  auto report = std::make_shared<Report>();
  report->mode = "enforce";
  report->node.pressure = 0.25;
  report->writes = {{"quota", "settings", "ok", 3}, {"burst", "refill", "ok", 5}, {"shares", "restore", "foreign", 1}};
  report->write_cost_seconds = {{"quota", 0.25}};
  report->foreign_writes = {{"bandwidth kubelet", 2}};
  report->revoked = {{"revoke_harm", 1}};
  for (std::uint64_t id = 1; id <= 4; ++id) {
    GroupReport g;
    g.id = id;
    g.path = "g" + std::to_string(id);
    g.kind = id % 2 == 0 ? "pod" : "container";
    g.rule = "steps";
    if (id > 2) g.ns = "ns", g.pod = "pod-0", g.container = "main";
    report->groups.push_back(g);
  }
  report->groups[0].lease = LeaseReport{"burst", "file", MilliCpu{2000}, {}, {}, ""};
  ExportView view;
  view.report = std::move(report);
  view.agent.version = "1";
  view.agent.config_hash = "abc";
  view.agent.sources = {{"cgroup", true}};
  view.agent.reconnects = {{"cgroup", 0}};
  return view;
}

/// "a,b" of {a="…",b="…"}; "-" of none. Values here hold no quotes.
std::string names_in(const std::string& labels) {
  std::string out;
  bool inside = false;
  for (const char c : labels) {
    if (c == '"') inside = !inside;
    else if (!inside && c != '=' && c != '{' && c != '}') out += c;
  }
  return out.empty() ? "-" : out;
}

TEST(MetricsInterface, EveryListedFamilyIsThereWithItsTypeAndLabels) {
  std::map<std::string, std::string> types;
  std::multimap<std::string, std::string> labels;
  std::istringstream in(to_prometheus(everything()));
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("# TYPE ", 0) == 0) {
      std::istringstream words(line.substr(7));
      std::string name;
      words >> name >> types[name];
    }
    if (line.rfind('#', 0) == 0) continue;
    const auto end = line.find_first_of("{ ");
    const auto close = line[end] == '{' ? line.rfind('}') + 1 : end;
    labels.emplace(line.substr(0, end), names_in(line.substr(end, close - end)));
  }
  ASSERT_GE(listed().size(), 40U);
  for (const Listed& row : listed()) {
    EXPECT_EQ(types[row.name], row.type) << row.name;
    if (row.type == "histogram") continue;   // its series are named after it
    const auto [first, last] = labels.equal_range(row.name);
    EXPECT_NE(first, last) << row.name << " has no series";
    for (auto it = first; it != last; ++it) EXPECT_EQ(it->second, row.labels) << row.name;
  }
}

TEST(MetricsInterface, AClassThatMayBorrowHasItsLeaseSeriesBeforeItsFirstLease) {
  auto report = std::make_shared<Report>();
  GroupReport g;
  g.kind = "container";
  g.rule = "steps";
  g.borrower = true;
  report->groups = {g};
  const std::string text = to_prometheus({report, {}});
  for (const char* kind : {"burst", "start"})
    EXPECT_NE(text.find("headroom_leases{kind=\"" + std::string(kind) + "\",class=\"steps\"} 0\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace headroom
