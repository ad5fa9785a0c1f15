// What bars somebody from borrowing, and what would lift it, in words.
#include <fmt/format.h>

#include "engine/describe.hpp"
#include "engine/explain.hpp"

namespace headroom {
namespace {

/// In single quotes nothing but the quote itself is special: systemd's names hold backslashes.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

std::string a_class(std::string_view key, std::string_view name) {
  return fmt::format("classes: [{{name: step, match: [{{{}: {}}}], borrow: {{}}}}]", key, quoted(name));
}

std::string_view last_segment(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string in_namespaces(const Group& g) {
  if (!g.ns.empty()) return fmt::format("add {} to rollout[].namespaces", g.ns);
  if (g.identity.pod_uid.empty()) return "take rollout[].namespaces away: it is in no namespace";
  return "sources.kubelet has to tell its namespace (see headroomctl doctor), and rollout[].namespaces has to name it";
}

/// Names, labels and engines of pods are kubelet's to tell, names of plain containers Docker's.
std::string told_by_source(const Group& g) {
  const bool of_pod = !g.identity.pod_uid.empty();
  return fmt::format("turn sources.{} on, which tells {}; if it is on, see headroomctl doctor", of_pod ? "kubelet" : "docker",
                     of_pod ? "namespaces, labels, annotations and engines of pods" : "containers' names");
}

}  // namespace

std::string how_to_lift(Bar bar, const Group& g) {
  switch (bar) {
    case Bar::none: return "nothing: nothing bars it";
    case Bar::own: return "nothing: what belongs to headroom itself is never touched";
    case Bar::sandbox: return "nothing: explain the pod's other containers";
    case Bar::kind: return g.identity.kind == GroupKind::pod ? "nothing: explain its containers" : "nothing: explain what it holds";
    case Bar::helper:
    case Bar::sidecar:
    case Bar::init: return "nothing: of a step the containers that do its work borrow; explain those";
    case Bar::finished: return "nothing: nobody works in it any more";
    case Bar::system_part: return "nothing: of the system's own only a service or a scope can be named";
    case Bar::system_unit: return "name it in a class that may borrow: " + a_class("unit", last_segment(g.path));
    case Bar::system_namespace: return "run it in another namespace";
    case Bar::opt_out: return "take the annotation headroom.io/opt-out off its pod";
    case Bar::label: return "take the label koordinator.sh/qosClass off its pod, or make it LS";
    case Bar::best_effort: return "give its pod CPU limits: then it is not BestEffort";
    case Bar::holdout: return "rollout[].holdout: 0%";
    case Bar::namespaces: return in_namespaces(g);
    case Bar::withheld:
    case Bar::unknown: return told_by_source(g);
    case Bar::no_class: return "give it a class that may borrow: " + a_class("path", g.path);
    case Bar::spare_class: return "give it a class that may borrow, before its own: " + a_class("path", g.path);
    case Bar::watch_only: return "policy: headroom";
  }
  return {};
}

std::string_view describe(Bar bar) {
  switch (bar) {
    case Bar::none: return "it is not lent to";
    case Bar::own: return "it belongs to headroom itself";
    case Bar::sandbox: return "it is its pod's sandbox";
    case Bar::kind: return "it only holds others, and is given what they are lent";
    case Bar::helper: return "it is a helper of its workflow engine";
    case Bar::sidecar: return "it is a step's sidecar";
    case Bar::init: return "it is a step's init container";
    case Bar::finished: return "its pod has finished";
    case Bar::system_part: return "it is a part of the system's own";
    case Bar::system_unit: return "it is a unit of the system's own";
    case Bar::system_namespace: return "it is the system's own (namespace kube-system)";
    case Bar::opt_out: return "its pod has opted out (annotation headroom.io/opt-out)";
    case Bar::label: return "its pod's label koordinator.sh/qosClass is of a class that is never lent to";
    case Bar::best_effort: return "its pod is BestEffort, without a limit to raise";
    case Bar::holdout: return "the rollout's holdout leaves its pod at its own limits";
    case Bar::namespaces: return "the rollout lends to some namespaces alone, and not, as far as is known, to its own";
    case Bar::withheld: return "a class that lends nothing may mean it, and asks what is not known of it";
    case Bar::unknown: return "a class that lends may mean it, and asks what is not known of it";
    case Bar::no_class: return "no class means it";
    case Bar::spare_class: return "its class may not borrow";
    case Bar::watch_only: return "the policy in force only watches";
  }
  return {};
}

std::string_view to_string(Bar bar) {
  switch (bar) {
    case Bar::none: return "none";
    case Bar::own: return "own";
    case Bar::sandbox: return "sandbox";
    case Bar::kind: return "kind";
    case Bar::helper: return "helper";
    case Bar::sidecar: return "sidecar";
    case Bar::init: return "init";
    case Bar::finished: return "finished";
    case Bar::system_part: return "system_part";
    case Bar::system_unit: return "system_unit";
    case Bar::system_namespace: return "system_namespace";
    case Bar::opt_out: return "opt_out";
    case Bar::label: return "label";
    case Bar::best_effort: return "best_effort";
    case Bar::holdout: return "holdout";
    case Bar::namespaces: return "namespaces";
    case Bar::withheld: return "withheld";
    case Bar::unknown: return "unknown";
    case Bar::no_class: return "no_class";
    case Bar::spare_class: return "spare_class";
    case Bar::watch_only: return "watch_only";
  }
  return {};
}

}  // namespace headroom
