// Lists of a real kubelet against the groups that it had made for them.
#include "tests/workloads/kube_golden.hpp"
#include "workloads/kube_cpu.hpp"

namespace headroom {
namespace {

using kube::golden;

struct Row {
  std::string path, what;   ///< what: "main/fanout-xsh28-burn-57005141", "pause/…"; empty: no container
  long quota = 0, shares = 0;
};

std::vector<Row> tree(const std::string& file) {
  std::vector<Row> out;
  std::istringstream lines(golden("kubernetes/" + file));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    Row row;
    long period = 0, burst = 0, procs = 0;
    words >> row.path >> row.quota >> period >> burst >> row.shares >> procs >> row.what;
    out.push_back(row);
  }
  return out;
}

enum class Missing { none, some };

/// @return containers that were found
int expect_found(const PodTable& table, const std::vector<Row>& rows, Missing missing) {
  int found = 0;
  for (const Row& row : rows) {
    const Identity identity = identify(row.path);
    if (identity.pod_uid.empty()) continue;
    const Known known = table.find(identity.pod_uid, identity.container_id);
    if (known.pod == nullptr && missing == Missing::some) continue;   // of a workflow that the list is not of
    EXPECT_NE(known.pod, nullptr) << row.path;
    if (known.pod == nullptr) continue;
    if (row.what.starts_with("pause/")) {
      EXPECT_EQ(known.container, nullptr) << row.path << ": no status names a sandbox";
      continue;
    }
    const PodCpu whole = pod_cpu(*known.pod);
    const auto quota = identity.kind == GroupKind::pod ? whole.quota : known.container == nullptr ? std::nullopt : container_quota(*known.pod, *known.container);
    const Shares shares = identity.kind == GroupKind::pod ? whole.shares : known.container == nullptr ? Shares{} : kube_shares(known.container->cpu);
    if (identity.kind == GroupKind::container) {
      if (known.container == nullptr && missing == Missing::some) continue;
      EXPECT_NE(known.container, nullptr) << row.path;
      if (known.container == nullptr) continue;
      EXPECT_EQ(known.container->name + "/" + known.pod->name, row.what);
      ++found;
    }
    EXPECT_EQ(quota ? quota->count() : -1, row.quota) << row.path;
    EXPECT_EQ(static_cast<long>(shares.value), row.shares) << row.path;
  }
  return found;
}

TEST(Recorded, EveryGroupOfASettledNodeIsFoundWithItsLimits) {
  const PodTable table(kube::pods_in(golden("kubernetes/pods-settled.json")).pods);
  EXPECT_EQ(expect_found(table, tree("cgroup-cpu-tree.txt"), Missing::none), 13);
}

TEST(Recorded, StepsThatRunAreFoundWithTheirLimits) {
  const PodTable table(kube::pods_in(golden("kubernetes/argo/pods-running.json")).pods);
  const int fanout = expect_found(table, tree("argo/cgroup-cpu-tree-fanout.txt"), Missing::some);
  const int dflow = expect_found(table, tree("argo/cgroup-cpu-tree-dflow.txt"), Missing::some);
  EXPECT_GE(fanout, 4);
  EXPECT_GE(dflow, 4);
}

TEST(Recorded, BeforeIdsAreToldAPodIsKnownByItsUid) {
  const PodTable early(kube::pods_in(golden("kubernetes/pods-early.json")).pods);
  const PodTable settled(kube::pods_in(golden("kubernetes/pods-settled.json")).pods);
  int named = 0;
  for (const KnownPod& k : settled.pods()) {
    const Known before = early.find(k.pod.uid, {});
    if (before.pod == nullptr) continue;
    ++named;
    EXPECT_EQ(before.what->step, k.what.step) << k.pod.name;
    EXPECT_EQ(before.what->roles, k.what.roles) << k.pod.name;
  }
  EXPECT_GE(named, 7);
}

TEST(Recorded, AContainerThatCrashesKeepsItsLastId) {
  const auto list = kube::pods_in(R"({"items":[)" + golden("kubernetes/pod-crash.json") + "]}");
  ASSERT_EQ(list.pods.size(), 1U);
  EXPECT_EQ(list.pods[0].containers.at(0).id.size(), 64U);
}

}  // namespace
}  // namespace headroom
