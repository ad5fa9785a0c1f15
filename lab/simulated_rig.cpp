#include <fmt/core.h>

#include <algorithm>

#include "config/config.hpp"
#include "lab/random.hpp"
#include "lab/simulated.hpp"
#include "workloads/identity.hpp"

namespace headroom::lab {
namespace {

constexpr milliseconds kLead{100};                   // from begin() to the first due time
constexpr microseconds kTickCost{60};                // CPU time of a tick beside its reads and writes

sim::Machine machine_of(const SimBench& bench, int rotation) {
  return {.cpus = bench.cpus, .seed = load_seed(bench.seed, rotation, "machine")};
}

/// What the capability probe finds on such a kernel (KERNEL 8).
Capabilities capabilities(const sim::Machine& machine) {
  Capabilities out;
  out.v2 = machine.version == sim::Version::v2;
  out.parent_child_rule = !out.v2;
  out.group_pressure = true;
  out.assumed = false;
  return out;
}

}  // namespace

SimRig::SimRig(const SimBench& bench, const Scenario& scenario, const Arm& arm, int rotation)
    : bench_(bench), scenario_(scenario), arm_(arm), node_(machine_of(bench, rotation)),
      engine_{ModelState(ModelParams{}), {}, {}, {}, {}, {}, {}, {}, {}} {}

Result<std::unique_ptr<SimRig>> SimRig::build(const SimBench& bench, const Scenario& scenario, const Arm& arm,
                                              int rotation, const std::string& phase) {
  std::unique_ptr<SimRig> out(new SimRig(bench, scenario, arm, rotation));
  // The same configuration as the real daemon's; the classes of the tree are in it.
  Arm plain = arm;
  if (arm.tuning.empty()) plain.policy = "headroom";
  if (plain.visibility.empty()) plain.visibility = "auto";
  const auto config = parse_config(daemon_config(scenario, plain, bench.cpus, 0), arm.name);
  if (!config) return tl::unexpected(config.error().front());
  out->classes_ = config->classes;
  out->tuning_ = config->tuning;
  out->plan_ = for_arm(plan_tree(scenario, bench.cpus, phase), scenario, arm);
  if (auto ok = out->populate(rotation); !ok) return tl::unexpected(ok.error());
  if (arm.kind != ArmKind::daemon) return out;
  if (auto ok = out->make_engine(); !ok) return tl::unexpected(ok.error());
  return out;
}

ClassRule SimRig::rule_of(const PlannedGroup& group) const {
  return classify(identify(group.path), group.path, classes_);
}

Result<Slot> SimRig::make_group(const PlannedGroup& group) {
  return node_.add({group.path, identify(group.path), rule_of(group), group.level == Level::sandbox});
}

Result<> SimRig::settle(const PlannedGroup& group) {
  const Slot slot = node_.find(group.path);
  if (auto ok = node_.kernel().write_shares(slot, group.shares); !ok) return ok;
  return node_.kernel().write_limit(slot, {group.quota, kKubePeriod, {}});
}

Result<> SimRig::populate(int rotation) {
  for (const auto& group : plan_) {
    const auto slot = make_group(group);
    if (!slot) return tl::unexpected(slot.error());
    if (auto ok = settle(group); !ok) return ok;
    if (group.level != Level::sandbox && group.level != Level::container) continue;
    const bool first = arm_.kind == ArmKind::oracle && scenario_.pods[group.pod].pod_class == PodClass::ls;
    const auto seed = load_seed(bench_.seed, rotation, load_name(scenario_, group));
    const auto urgency = first ? sim::Urgency::urgent : sim::Urgency::ordinary;
    if (group.level == Level::container && scenario_.pods[group.pod].pod_class == PodClass::ls) neighbours_.push_back(*slot);
    members_.push_back({group, node_.loads().add(*slot, load_of(scenario_, group), seed, urgency)});
  }
  return {};
}

Result<> SimRig::make_engine() {
  Faults faults;
  engine_.policy = make_policy(arm_.policy, tuning_, faults);
  if (!engine_.policy) return tl::unexpected(faults.front());
  const auto& machine = node_.kernel().machine();
  engine_.model.params.scheduler_tick = machine.tick;
  engine_.model.params.judge = Judge::pressure;
  engine_.schedule.scheduler_tick = machine.tick;
  engine_.rails.can = capabilities(machine);
  engine_.rails.node_cores = MilliCpu{1000L * machine.cpus};
  engine_.rails.guard_up = engine_.rails.may_write = true;
  node_.run_daemon(kTickCost);
  engine_.reads.wake = node_.now();
  engine_.reads.node_usage = engine_.reads.node_cpus = engine_.reads.node_pressure = engine_.reads.rescan = true;
  return {};
}

TimePoint SimRig::begin(nanoseconds length) {
  const TimePoint at = node_.now() + kLead;
  for (const auto& m : members_) {
    const auto after = load_of(scenario_, m.group).after;
    node_.loads().begin(m.load, sim::ns(at + after), sim::ns(at + length));
  }
  return at;
}

Result<> SimRig::run_until(TimePoint until, const std::string& what) {
  constexpr seconds kLook{1};
  TimePoint looked;
  while (node_.now() < until) {
    if (bench_.interrupted != nullptr && bench_.interrupted()) return fail(Errc::io, what, "interrupted");
    if (bench_.tick != nullptr && node_.now() - looked >= kLook) bench_.tick(what, until - (looked = node_.now()));
    if (!has_engine()) {
      node_.pass_until(std::min(until, node_.now() + kLook));
      continue;
    }
    if (engine_.reads.wake > until && node_.wait_until(until) == sim::SimNode::Heard::nothing) break;
    const auto result = tick(node_, node_, engine_);
    harm_ = nanoseconds{0};
    for (const Slot slot : neighbours_)
      if (slot < result.snapshot.groups.size()) harm_ += result.snapshot.groups[slot].harm_total;
    if (after_tick) after_tick(result);
  }
  return {};
}

void SimRig::lend(Lending lending) {
  engine_.rails.off = lending == Lending::off;
  engine_.reads.wake = node_.now();
}

Throttled SimRig::throttled() const {
  Throttled out;
  for (const auto& group : plan_) {
    const Slot slot = node_.find(group.path);
    if (!is_step(scenario_, group) || slot == kNoSlot) continue;
    const auto time = node_.throttle(slot).throttled_time;
    (group.level == Level::pod ? out.pod : out.container) += static_cast<double>(time.count()) / 1e9;
  }
  return out;
}

Latencies SimRig::latencies(PodClass pod_class, std::optional<KubeQos> qos, TimePoint from, TimePoint to) const {
  Latencies out;
  for (const auto& m : members_) {
    const auto& pod = scenario_.pods[m.group.pod];
    if (m.group.level != Level::container || pod.pod_class != pod_class || (qos && pod.qos != *qos)) continue;
    for (const auto& one : node_.log(m.load))
      if (one.due >= sim::ns(from) && one.due < sim::ns(to)) out.push_back(one.done - one.due);
  }
  return out;
}

std::vector<std::string> SimRig::not_restored() const {
  std::vector<std::string> out;
  for (const auto& group : plan_) {
    const Slot slot = node_.find(group.path);
    if ((group.level != Level::pod && group.level != Level::container) || slot == kNoSlot) continue;
    const auto now = node_.bandwidth(slot);
    if (now.quota != group.quota || now.burst.count() != 0) out.push_back(group.path);
  }
  return out;
}

double SimRig::neighbours_waited() const {
  nanoseconds sum{0};
  for (const Slot slot : neighbours_) sum += node_.waited(slot);
  return static_cast<double>(sum.count()) / 1e9;
}

std::optional<double> SimRig::harm() const {
  return has_engine() ? std::optional{static_cast<double>(harm_.count()) / 1e9} : std::nullopt;
}

std::size_t SimRig::steps() const {
  return static_cast<std::size_t>(std::count_if(plan_.begin(), plan_.end(), [&](const PlannedGroup& g) {
    return g.level == Level::container && is_step(scenario_, g);
  }));
}

}  // namespace headroom::lab
