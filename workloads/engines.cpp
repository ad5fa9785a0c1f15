// The table. Sources: each engine's own code, by file, in docs/workloads.md; every row has a sample in tests/golden/kubernetes.
#include "workloads/engines.hpp"

#include <algorithm>
#include <charconv>

#include "workloads/engine_row.hpp"

namespace headroom {
namespace {

constexpr std::string_view kArgoRoles =
    "main=work wait=infra supervisor=infra init=infra artifact-plugin-*=infra init-artifact-*=infra kfp-launcher=infra";
constexpr std::string_view kArgoHelper = "wait=infra supervisor=infra init=infra kfp-launcher=infra *=infra";
constexpr std::string_view kKubeflowRoles =
    "pytorch=work tensorflow=work mpi=work xgboost=work paddle=work jax=work init-pytorch=infra kubectl-delivery=infra";
constexpr std::string_view kKubeflowMember =
    "{training.kubeflow.org/replica-type}-{training.kubeflow.org/replica-index} | {training.kubeflow.org/replica-type}";
constexpr std::string_view kSparkMember = "exec-{spark-exec-id} | {spark-role}";
constexpr std::string_view kAirflowRoles = "base=work airflow-xcom-sidecar=infra";

/// Argo's pods, which dflow's and KFP's are as well.
constexpr EngineRow argo(std::string_view id, std::string_view keys, std::string_view roles = kArgoRoles, Worker worker = Worker::by_name) {
  return {.id = id, .keys = keys, .workflow = "{workflows.argoproj.io/workflow}", .step = "{@workflows.argoproj.io/node-name}",
          .template_name = "{.argo-template}", .attempt = "{.argo-attempt}", .slice = "{.argo-slice}", .roles = roles, .worker = worker};
}

constexpr EngineRow airflow(std::string_view keys) {
  return {.id = "airflow", .keys = keys, .workflow = "{dag_id}/{run_id} | {dag_id}", .step = "{task_id}", .attempt = "{try_number}",
          .slice = "{.map-index}", .first_attempt = 1, .roles = kAirflowRoles, .worker = Worker::first};
}

constexpr EngineRow kubeflow(std::string_view keys, std::string_view roles, Worker worker) {
  return {.id = "kubeflow", .keys = keys, .workflow = "{training.kubeflow.org/job-name}", .step = kKubeflowMember,
          .member = kKubeflowMember, .roles = roles, .worker = worker};
}

/// The last row that fits wins.
constexpr EngineRow kEngines[] = {
    {.id = "tekton", .keys = "tekton.dev/taskRun", .workflow = "{tekton.dev/pipelineRun} | {tekton.dev/taskRun}",
     .step = "{tekton.dev/pipelineTask} | {tekton.dev/taskRun}",
     .roles = "step-*=work prepare=infra place-scripts=infra working-dir-initializer=infra sidecar-*=infra"},
    {.id = "ray", .keys = "ray.io/is-ray-node=yes", .workflow = "{ray.io/cluster}", .step = "{ray.io/group}", .member = "{ray.io/node-type}",
     .roles = "autoscaler=infra wait-gcs-ready=infra", .worker = Worker::first},
    {.id = "spark", .keys = "spark-app-selector spark-role",
     .workflow = "{sparkoperator.k8s.io/app-name} | {spark-app-name} | {spark-app-selector}", .step = kSparkMember, .member = kSparkMember,
     .roles = "spark-kubernetes-driver=work spark-kubernetes-executor=work executor=work", .worker = Worker::first},
    {.id = "dask", .keys = "dask.org/cluster-name", .workflow = "{dask.org/cluster-name}",
     .step = "{dask.org/workergroup-name} | {dask.org/component}", .member = "{.dask-worker} | {dask.org/component}",
     .roles = "scheduler=infra dask-worker=work worker=work job-runner=work runner=work"},
    kubeflow("training.kubeflow.org/job-name", kKubeflowRoles, Worker::first),
    kubeflow("training.kubeflow.org/job-name training.kubeflow.org/replica-type=launcher", "kubectl-delivery=infra *=infra", Worker::by_name),
    {.id = "trainer", .keys = "jobset.sigs.k8s.io/jobset-name", .workflow = "{jobset.sigs.k8s.io/jobset-name}",
     .step = "{jobset.sigs.k8s.io/replicatedjob-name}",
     .member = "{jobset.sigs.k8s.io/replicatedjob-name}-{jobset.sigs.k8s.io/job-index}-{batch.kubernetes.io/job-completion-index} | "
               "{jobset.sigs.k8s.io/replicatedjob-name}-{jobset.sigs.k8s.io/job-index}",
     .attempt = "{jobset.sigs.k8s.io/restart-attempt}",
     .roles = "node=work launcher=work dataset-initializer=infra model-initializer=infra"},
    {.id = "jenkins", .keys = "jenkins/label", .workflow = "{@runUrl}", .step = "{jenkins/label}",
     .roles = "jnlp=infra set-up-jenkins-agent=infra *=work", .worker = Worker::first},
    {.id = "gitlab", .keys = "job.runner.gitlab.com/pod",
     .workflow = "{@project.runner.gitlab.com/id}@{@job.runner.gitlab.com/sha}", .step = "{@job.runner.gitlab.com/name}",
     .roles = "build=work helper=infra init-permissions=infra"},
    // A ContainerSet has no container called main: then those of other names work.
    argo("argo", "workflows.argoproj.io/workflow", kArgoRoles, Worker::rest),
    {.id = "argo", .keys = "workflows.argoproj.io/workflow workflows.argoproj.io/component",   // an agent or a collector: no step
     .workflow = "{workflows.argoproj.io/workflow}", .roles = kArgoHelper},
    // dflow has no key of its own; without its template (a large one is kept elsewhere) its scripts tell.
    argo("dflow", "workflows.argoproj.io/workflow .imports-dflow"),
    argo("dflow", "workflows.argoproj.io/workflow @workflows.argoproj.io/progress .staging-script"),
    argo("kfp", "workflows.argoproj.io/workflow pipelines.kubeflow.org/v2_component=true"),
    argo("kfp", "workflows.argoproj.io/workflow pipelines.kubeflow.org/v2_component=true .argo-template=system-*-driver", kArgoHelper),
    argo("kfp", "workflows.argoproj.io/workflow pipelines.kubeflow.org/v2_component=true @pipelines.kubeflow.org/runtime-role=launcher"),
    argo("kfp", "workflows.argoproj.io/workflow pipelines.kubeflow.org/v2_component=true @pipelines.kubeflow.org/runtime-role=driver", kArgoHelper),
    airflow("dag_id task_id kubernetes_executor=True"),
    airflow("dag_id task_id kubernetes_pod_operator=True"),
    {.id = "flyte-v1", .keys = "execution-id node-id", .workflow = "{execution-id}", .step = "{.flyte-step} | {node-id}",
     .template_name = "{task-name}", .attempt = "{.flyte-attempt}",
     .roles = "{@primary_container_name}=work {.name}=work flyte-copilot-*=infra", .worker = Worker::first, .starts_others = true},
    {.id = "flyte-v2", .keys = "flyte.org/managed=true", .workflow = "{run}", .step = "{action}", .template_name = "{task-name}",
     .attempt = "{attempt}", .first_attempt = 1,
     .roles = "{@primary_container_name}=work {.name}=work flyte-copilot-*=infra", .worker = Worker::first, .starts_others = true},
};

struct Component {
  std::string_view app, component;
};
/// What the shipped manifests and charts call their own parts.
constexpr Component kComponents[] = {{"workflow-controller", "argo/workflow-controller"}, {"argo-server", "argo/server"},
                                     {"flytepropeller", "flyte/propeller"},               {"flyteadmin", "flyte/admin"},
                                     {"flyteconnector", "flyte/connector"},               {"flyteagent", "flyte/connector"},
                                     {"datacatalog", "flyte/datacatalog"},                {"kuberay-operator", "ray/operator"},
                                     {"training-operator", "kubeflow/training-operator"}, {"spark-operator", "spark/operator"}};

std::optional<int> number(const std::string& text, int first) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < first) return std::nullopt;
  return value - first;
}

WorkflowStep step_of(const EngineRow& row, const EngineFacts& facts) {
  WorkflowStep out;
  out.engine = row.id;
  out.workflow = fill(row.workflow, facts);
  out.step = fill(row.step, facts);
  out.template_name = fill(row.template_name, facts);
  out.member = fill(row.member, facts);
  out.attempt = number(fill(row.attempt, facts), row.first_attempt);
  out.slice = number(fill(row.slice, facts), 0);
  if (facts.sub == nullptr) return out;
  out.sub_engine = facts.sub->id;
  out.member = fill(facts.sub->member, facts);
  return out;
}

}  // namespace

Recognised recognise(const Pod& pod) {
  const EngineRow* found = nullptr;
  EngineFacts facts{pod};
  for (const EngineRow& row : kEngines) {
    if (!fits(row, facts)) continue;
    if (row.starts_others && facts.sub == nullptr) facts.sub = found;
    found = &row;
  }
  return {found == nullptr ? WorkflowStep{} : step_of(*found, facts), roles_in(found, facts)};
}

std::string component_of(const Pod& pod) {
  const auto& app = text_at(pod.labels, "app");
  const auto& name = app.empty() ? text_at(pod.labels, "app.kubernetes.io/name") : app;
  const auto known = std::find_if(std::begin(kComponents), std::end(kComponents), [&](const Component& c) { return c.app == name; });
  return known == std::end(kComponents) ? name : std::string(known->component);
}

std::vector<std::string_view> engines_in_table() {
  std::vector<std::string_view> out;
  for (const EngineRow& row : kEngines)
    if (std::find(out.begin(), out.end(), row.id) == out.end()) out.push_back(row.id);
  return out;
}

}  // namespace headroom
