#include "lab/start_step.hpp"

#include <cstring>
#include <thread>

#include "lab/startup.hpp"

namespace headroom::lab {
namespace {

Result<> make_pod(const StartPlace& at, const PlannedGroup& pod, const PlannedGroup& sandbox) {
  auto& tree = at.rig.tree();
  if (auto ok = tree.make(pod.path); !ok) return ok;
  if (auto ok = tree.write_shares(pod.path, pod.shares); !ok) return ok;
  if (auto ok = tree.write_quota(pod.path, pod.quota); !ok) return ok;
  if (auto ok = tree.make(sandbox.path); !ok) return ok;
  return tree.write_shares(sandbox.path, sandbox.shares);
}

Result<> say(WorkPage& page, const std::string& become) {
  if (become.size() >= sizeof page.become) return fail(Errc::malformed, become, "a path that is too long");
  std::memcpy(page.become, become.c_str(), become.size() + 1);
  return {};
}

}  // namespace

Result<StartedStep> start_step(const StartPlace& at, std::size_t pod, int number, WriteWatch* watch, const std::string& become) {
  const auto plan = for_arm(plan_pod(at.scenario, pod, number), at.scenario, at.arm);
  const auto& container = plan.back();
  if (auto ok = make_pod(at, plan[0], plan[1]); !ok) return tl::unexpected(ok.error());
  std::this_thread::sleep_for(kPodBefore);
  auto& tree = at.rig.tree();
  std::int64_t attached = 0, limited = 0;
  const auto settle = [&](pid_t pid) -> Result<> {
    if (auto ok = tree.make(container.path); !ok) return ok;
    if (watch != nullptr) {
      for (const auto& path : {plan[0].path, container.path}) {
        if (auto ok = watch->add(tree.full(path)); !ok) return ok;
      }
    }
    if (auto ok = tree.attach(container.path, pid); !ok) return ok;
    attached = monotonic_ns();
    std::this_thread::sleep_for(kToShares);
    if (auto ok = tree.write_shares(container.path, container.shares); !ok) return ok;
    std::this_thread::sleep_for(kToQuota);
    auto ok = tree.write_quota(container.path, container.quota);
    limited = monotonic_ns();
    return ok;
  };
  const auto& load = at.scenario.pods[pod].containers[container.container].load;
  auto process = LoadProcess::start(load, at.bench.cpus, 1, seconds{120}, settle);
  if (!process) return tl::unexpected(process.error());
  if (auto ok = say(process->page(), become); !ok) return tl::unexpected(ok.error());
  process->page().begin.store(1);
  auto files = tree.open(container.path);
  const auto text = files ? files->read_file(CpuFile::quota) : Result<std::string>(tl::unexpected(files.error()));
  return StartedStep{std::move(*process), plan[0].path, container.path, attached, limited, text.value_or("")};
}

double throttled_of(const StartPlace& at, const StartedStep& step) {
  double sum = 0;
  for (const auto& path : {step.container, step.pod}) {
    auto files = at.rig.tree().open(path);
    const auto counters = files ? files->throttle() : Result<ThrottleCounters>(tl::unexpected(files.error()));
    if (counters) sum += static_cast<double>(counters->throttled_time.count()) / 1e9;
  }
  return sum;
}

void remove_step(const StartPlace& at, StartedStep& step) {
  step.process.kill_now();
  at.rig.tree().remove(step.pod);
}

}  // namespace headroom::lab
