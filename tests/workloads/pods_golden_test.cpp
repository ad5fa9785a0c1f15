// Every sample pod gives exactly its golden answer, whatever its names are.
#include <random>
#include <set>

#include "tests/workloads/kube_golden.hpp"
#include "cgroups/types/weights.hpp"
#include "engine/describe.hpp"
#include "workloads/kube_cpu.hpp"

namespace headroom {
namespace {

using kube::golden;
using kube::json;
using kube::word;

std::string text_or_empty(const json& value) { return value.is_string() ? value.get<std::string>() : std::string{}; }

std::optional<int> number_or_none(const json& value) { return value.is_number() ? std::optional(value.get<int>()) : std::nullopt; }

/// Only what the answer says: a key that it leaves out is not asked.
void expect_step(const json& answer, const WorkflowStep& got, const std::string& who) {
  const auto same = [&](const char* key, const std::string& value) {
    if (answer.contains(key)) {
      EXPECT_EQ(value, text_or_empty(answer.at(key))) << who << ": " << key;
    }
  };
  same("engine", got.engine);
  same("sub_engine", got.sub_engine);
  same("workflow", got.workflow);
  same("step", got.step);
  same("template", got.template_name);
  same("member", got.member);
  same("component", got.component);
  const auto same_number = [&](const char* key, std::optional<int> value) {
    if (answer.contains(key)) {
      EXPECT_EQ(value, number_or_none(answer.at(key))) << who << ": " << key;
    }
  };
  same_number("attempt", got.attempt);
  same_number("slice", got.slice);
}

class Golden {
 public:
  Golden(const std::string& pods, const std::string& answers)
      : config_(kube::sample_config()), table_(kube::pods_in(pods).pods), answers_(json::parse(answers)) {
    if (answers_.is_object()) answers_ = json(answers_.at("pods"));
  }

  const PodTable& table() const { return table_; }
  const json& answers() const { return answers_; }

  void expect(const json& answer) {
    const std::string who = answer.at("pod");
    const Known known = find(who);
    ASSERT_NE(known.pod, nullptr) << who;
    EXPECT_EQ(word(known.pod->qos.value()), answer.at("qos")) << who;
    EXPECT_EQ(known.pod->finished, answer.value("manage", true) == false || finished_by_name(answer)) << who;
    const auto found = of_container(known, nullptr);
    EXPECT_EQ(found.rule.name, answer.at("class")) << who;
    EXPECT_EQ(to_string(found.rule.qos), answer.at("qos_class").get<std::string>()) << who;
    if (answer.contains("class_rule")) {
      const std::string rule = found.matched ? "classes[" + std::to_string(*found.matched) + "]" : "";
      EXPECT_EQ(rule, text_or_empty(answer.at("class_rule"))) << who;
    }
    expect_step(answer, step_in(known, found.role, config_.classes).value_or(WorkflowStep{}), who);
    ASSERT_EQ(known.pod->containers.size(), answer.at("roles").size()) << who;
    for (const PodContainer& c : known.pod->containers)
      EXPECT_EQ(to_string(of_container(known, &c).role), answer.at("roles").at(c.name).get<std::string>()) << who << "/" << c.name;
  }

  Known find(const std::string& ns_and_name) const {
    for (const KnownPod& k : table_.pods())
      if (k.pod.ns + "/" + k.pod.name == ns_and_name) return {&k.pod, &k.what, nullptr, nullptr};
    return {};
  }

 private:
  static bool finished_by_name(const json& answer) { return answer.value("finished", false); }

  Classified of_container(Known known, const PodContainer* container) const {
    known.container = container;
    Identity identity;
    identity.pod_uid = known.pod->uid;
    identity.kube_qos = known.pod->qos;
    identity.kind = container == nullptr ? GroupKind::pod : GroupKind::container;
    return classify_why(identity, "kubepods/pod" + known.pod->uid, config_.classes, known);
  }

  Config config_;
  PodTable table_;
  json answers_;
};

constexpr const char* kSets[][2] = {{"kubernetes/kubelet-pods.json", "kubernetes/expected-pods.json"},
                                    {"kubernetes/kubelet-pods-engines.json", "kubernetes/expected-pods-engines.json"}};

TEST(PodsGolden, EverySampleIsWhatItsAnswerSays) {
  for (const auto& [pods, answers] : kSets) {
    Golden golden_set(golden(pods), golden(answers));
    EXPECT_EQ(golden_set.table().pods().size(), golden_set.answers().size());
    for (const json& answer : golden_set.answers()) golden_set.expect(answer);
  }
}

TEST(PodsGolden, LimitsRequestsAndGroupsAreKubelets) {
  for (const auto& [pods, answers] : kSets) {
    const Golden set(golden(pods), golden(answers));
    for (const json& answer : set.answers()) {
      const std::string who = answer.at("pod");
      const Known known = set.find(who);
      ASSERT_NE(known.pod, nullptr) << who;
      const PodCpu whole = pod_cpu(*known.pod);
      const json& level = answer.at("pod_level");
      EXPECT_EQ(whole.shares.value, level.at("cpu_shares")) << who;
      EXPECT_EQ(weight_from_shares(whole.shares)->value, level.at("cpu_weight_linear")) << who;
      EXPECT_EQ(whole.quota ? whole.quota->count() : -1, level.at("cfs_quota_us")) << who;
      for (const char* driver : {"systemd", "cgroupfs"}) {
        const Identity pod = identify(answer.at("pod_cgroup").at(driver).get<std::string>());
        EXPECT_EQ(pod.kind, GroupKind::pod);
        EXPECT_EQ(set.table().find(pod.pod_uid, pod.container_id).pod, known.pod) << who;
        EXPECT_EQ(pod.kube_qos, known.pod->qos) << who;
      }
      for (const PodContainer& c : known.pod->containers) {
        const json& want = answer.at("containers").at(c.name);
        EXPECT_EQ(kube_shares(c.cpu).value, want.at("cpu_shares")) << who << "/" << c.name;
        EXPECT_EQ(weight_from_shares(kube_shares(c.cpu))->value, want.at("cpu_weight_runc_lt_1_3_2")) << who << "/" << c.name;
        const auto quota = container_quota(*known.pod, c);
        EXPECT_EQ(quota ? quota->count() : -1, want.at("cfs_quota_us")) << who << "/" << c.name;
        if (want.at("cgroup").is_null()) continue;
        for (const char* driver : {"systemd", "cgroupfs"}) {
          const Identity group = identify(want.at("cgroup").at(driver).get<std::string>());
          EXPECT_EQ(set.table().find(group.pod_uid, group.container_id).container, &c) << who << "/" << c.name;
        }
      }
    }
  }
}

/// Random words of the same length and alphabet for names, UIDs, IDs and the values of labels, in both texts alike.
struct Renamed {
  std::string pods, answers;
};
Renamed renamed(std::string pods, std::string answers, unsigned seed) {
  std::mt19937 random(seed);
  std::set<std::string> words;
  const json parsed = json::parse(pods);
  for (const json& pod : parsed.at("items")) {
    const json& metadata = pod.at("metadata");
    words.insert(metadata.at("uid").get<std::string>());
    const json labels = metadata.value("labels", json::object());
    for (const auto& [key, value] : labels.items()) words.insert(value.get<std::string>());
    for (const char* list : {"containerStatuses", "initContainerStatuses"}) {
      const json statuses = pod.at("status").value(list, json::array());
      for (const json& status : statuses)
        if (status.contains("containerID")) words.insert(status.at("containerID").get<std::string>().substr(13));
    }
  }
  // What a rule, an engine or the sample configuration goes by is not a name.
  const std::set<std::string> meant{"true",   "false",  "True",   "yes",      "worker",  "head",        "launcher", "master", "driver",    "executor", "scheduler",
                                    "main",   "node",   "BE",     "LS",       "latency", "job-runner",  "argo",     "flyte",  "argo-server", "minio",  "flytepropeller",
                                    "agent",  "workflow-controller", "flyteconnector", "kuberay", "tasks", "web", "build", "unit", "embed"};
  std::vector<std::string> order;
  for (const std::string& w : words)
    if (w.size() >= 4 && !meant.contains(w) && w.find_first_not_of("0123456789") != std::string::npos) order.push_back(w);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  const auto replace = [](std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  };
  for (const std::string& from : order) {
    std::string to = from;
    for (char& c : to) {
      if (c >= '0' && c <= '9') c = static_cast<char>('0' + random() % 10);
      else if (c >= 'a' && c <= 'f') c = static_cast<char>('a' + random() % 6);
      else if (c >= 'g' && c <= 'z') c = static_cast<char>('g' + random() % 20);
    }
    replace(pods, from, to);
    replace(answers, from, to);
  }
  return {std::move(pods), std::move(answers)};
}

TEST(PodsGolden, OtherNamesChangeNothing) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    for (const auto& [pods, answers] : kSets) {
      SCOPED_TRACE(seed);
      const auto texts = renamed(golden(pods), golden(answers), seed);
      ASSERT_TRUE(texts.pods != golden(pods));
      Golden set(texts.pods, texts.answers);
      for (const json& answer : set.answers()) set.expect(answer);
    }
  }
}

TEST(PodsGolden, EveryRowOfTheTableHasASampleAndEverySampleARow) {
  const json samples = json::parse(golden("kubernetes/engines.json"));
  std::set<std::string> rows{"control", "globalfunc"}, listed;
  for (const auto id : engines_in_table()) rows.emplace(id);
  for (const auto& [id, pods] : samples.items()) listed.insert(id);
  EXPECT_EQ(rows, listed);

  std::map<std::string, std::set<std::string>> seen;
  for (const auto& [pods, answers] : kSets) {
    const PodTable table(kube::pods_in(golden(pods)).pods);
    for (const KnownPod& k : table.pods()) {
      const std::string name = k.pod.ns + "/" + k.pod.name;
      for (const std::string& id : {k.what.step.engine, k.what.step.sub_engine})
        if (!id.empty()) seen[id].insert(name);
    }
  }
  for (const auto& [id, pods] : samples.items()) {
    if (id == "control" || id == "globalfunc") continue;   // by namespace, and by Docker's names
    EXPECT_EQ(seen[id], pods.get<std::set<std::string>>()) << id;
  }
}

TEST(PodsGolden, RecordedStepsAreRecognised) {
  const json answers = json::parse(golden("kubernetes/argo/expected.json"));
  for (const std::string file : {"pods-starting.json", "pods-running.json", "pods-finished.json"}) {
    Golden set(golden("kubernetes/argo/" + file), answers.dump());
    for (json answer : answers) {
      const auto files = answer.at("files").get<std::set<std::string>>();
      if (!files.contains(file)) continue;
      const Known known = set.find(answer.at("pod"));
      ASSERT_NE(known.pod, nullptr) << answer.at("pod");
      answer["finished"] = known.pod->finished;   // the list says it, the answer does not
      set.expect(answer);
      for (const PodContainer& c : known.pod->containers) {
        const auto quota = container_quota(*known.pod, c);
        EXPECT_EQ(quota ? quota->count() : -1, answer.at("cfs_quota_us").at(c.name)) << answer.at("pod") << "/" << c.name;
      }
      EXPECT_EQ(pod_cpu(*known.pod).quota.has_value(), answer.at("pod_cfs_quota_us") != -1);
    }
  }
}

}  // namespace
}  // namespace headroom
