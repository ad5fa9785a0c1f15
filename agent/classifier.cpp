#include "agent/classifier.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "agent/annotations.hpp"
#include "config/koordinator.hpp"
#include "workloads/kube_cpu.hpp"

namespace headroom {
namespace {

std::uint32_t interned(ClassRule rule, Catalog& catalog) {
  const auto found = std::find(catalog.rules.begin(), catalog.rules.end(), rule);
  const auto index = static_cast<std::uint32_t>(found - catalog.rules.begin());
  if (found == catalog.rules.end()) catalog.rules.push_back(std::move(rule));
  return index;
}

Interest interest_in(const Identity& identity, const ClassRule& rule) {
  switch (identity.kind) {
    case GroupKind::container:
    case GroupKind::pod: return Interest::watched;
    case GroupKind::inner:          // a container's own business, a runtime's monitor, a leftover name
    case GroupKind::helper:
    case GroupKind::sandbox_stub: return Interest::passage;
    case GroupKind::qos:
    case GroupKind::scope:
    case GroupKind::slice:
    case GroupKind::other: return rule.name == "none" ? Interest::passage : Interest::watched;
  }
  return Interest::passage;
}

std::shared_ptr<const koordlet::Patch> strategy_of(const Pod& pod, const AnnotationRules& rules) {
  const auto& text = text_at(pod.annotations, kBurstAnnotation);
  if (text.empty() || !rules.koordinator) return nullptr;
  const auto asked = parse_burst_annotation(text);
  return asked ? std::make_shared<const koordlet::Patch>(asked->patch) : nullptr;
}

Names names_of(const Known& known, ContainerRole role, const ClassRules& rules) {
  Names out;
  out.role = role;
  if (auto step = step_in(known, role, rules.classes)) out.step = std::make_shared<const WorkflowStep>(std::move(*step));
  if (known.docker != nullptr) {
    out.container = known.docker->name;
    out.told = true;
  }
  if (known.pod == nullptr) return out;
  out.strategy = strategy_of(*known.pod, rules.annotations);
  out.unheard = unheard_annotations(*known.pod, rules.annotations);
  out.ns = known.pod->ns;
  out.pod = known.pod->name;
  if (known.container == nullptr) {
    if (const auto quota = pod_cpu(*known.pod).quota) out.owners_limit = FiniteLimit{*quota, kKubePeriod};
    return out;
  }
  out.container = known.container->name;
  out.told = true;
  return out;
}

bool holds_pid(const std::string& dir, long pid) {
  std::ifstream procs(dir + "/cgroup.procs");
  long member = 0;
  while (procs >> member)
    if (member == pid) return true;
  return false;
}

}  // namespace

Classifier::Classifier(ClassRules rules, std::optional<std::string> own, std::string own_pod)
    : rules_(std::move(rules)), own_(std::move(own)), own_pod_(std::move(own_pod)) {}

bool Classifier::is_own(const std::string& path, const Identity& identity) const {
  if (!own_pod_.empty() && identity.pod_uid == own_pod_) return true;
  if (!own_ || own_->empty()) return false;   // everything is below the root
  return path == *own_ || path.starts_with(*own_ + "/");
}

Verdict Classifier::classify(const std::string& path, Catalog& catalog) const {
  Verdict verdict;
  verdict.identity = identify(path);
  verdict.below = descend_below(verdict.identity) ? Below::descend : Below::stop;
  if (path.empty()) return verdict;
  const Known known = world_.find(verdict.identity);
  Classified found = classify_why(verdict.identity, path, rules_.classes, known);
  ClassRule& rule = found.rule;
  verdict.names = names_of(known, found.role, rules_);
  for (Bars left = left_out(rules_.only, verdict.identity, known); left.any(); left.remove(left.first())) put_bar(rule, left.first());
  auto& offered = rule.borrow ? rule.borrow : rule.barred;
  if (offered && known.pod != nullptr)
    if (const auto asked = asked_ceiling(*known.pod, rules_.annotations).up_to) offered->up_to = *asked;
  if (is_own(path, verdict.identity)) {
    rule = ClassRule{.name = "system", .qos = QosClass::system, .borrow = {}, .weight = {}, .bars = {}, .barred = {}};
    put_bar(rule, Bar::own);
  }
  verdict.interest = interest_in(verdict.identity, rule);
  verdict.rule = interned(std::move(rule), catalog);
  return verdict;
}

bool looks_like_sandbox(const Group& group, Shares shares, const Bandwidth& bandwidth, nanoseconds used) {
  constexpr nanoseconds kNextToNothing = milliseconds{200};
  if (group.identity.kind != GroupKind::container || group.identity.pod_uid.empty()) return false;
  return shares.value <= 2 && !bandwidth.quota && used < kNextToNothing;
}

std::optional<std::string> own_group(const std::string& cpu_root) {
  std::ifstream lines("/proc/self/cgroup");
  const long pid = ::getpid();
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    // What is mounted may begin anywhere on this path: try each tail, and believe only our own PID.
    std::string tail = line.substr(second + 1);
    while (true) {
      if (tail == "/") tail.clear();
      if (holds_pid(cpu_root + tail, pid)) return tail.empty() ? tail : tail.substr(1);
      if (tail.empty()) break;
      const auto next = tail.find('/', 1);
      tail = next == std::string::npos ? std::string{} : tail.substr(next);
    }
  }
  return std::nullopt;
}

}  // namespace headroom
