#include "lab/sampler.hpp"

#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <utility>

namespace headroom::lab {
namespace {

constexpr std::int64_t kEvery = 20'000'000, kLongest = 30'000'000'000;
constexpr int kMostSteps = 4;
constexpr std::size_t kReread = 50;    // looks after which the period is read again although the quota's text is the same

std::optional<double> cores_of(const Bandwidth& bandwidth) {
  if (!bandwidth.quota || bandwidth.period.count() <= 0) return std::nullopt;
  return static_cast<double>(bandwidth.quota->count()) / static_cast<double>(bandwidth.period.count());
}

double thread_cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// "step/0/main", "step/0"; empty: nothing to look at.
std::string name_of(const Scenario& scenario, const PlannedGroup& group) {
  const bool level = group.level == Level::pod || group.level == Level::container;
  if (!level || scenario.pods[group.pod].pod_class != PodClass::step) return "";
  const auto& pod = scenario.pods[group.pod];
  if (group.level == Level::pod) return fmt::format("{}/{}", pod.name, group.replica);
  return fmt::format("{}/{}/{}", pod.name, group.replica, pod.containers[group.container].name);
}

}  // namespace

std::vector<SampleTarget> first_steps(Rig& rig) {
  std::vector<SampleTarget> out;
  int pods = 0;
  for (const auto& group : rig.plan()) {
    auto name = name_of(rig.scenario(), group);
    if (name.empty()) continue;
    if (group.level == Level::pod && ++pods > kMostSteps) break;   // a pod comes before its containers
    auto files = rig.tree().open(group.path);
    if (files) out.push_back({std::move(name), std::move(*files), cores_of({group.quota, kKubePeriod, {}})});
  }
  return out;
}

std::unique_ptr<TimelineSampler> TimelineSampler::start(std::vector<SampleTarget> targets, const std::string& arm,
                                                        std::int64_t from, std::int64_t to) {
  std::unique_ptr<TimelineSampler> out(new TimelineSampler(arm, from, std::min(to, from + kLongest)));
  for (auto& target : targets) out->groups_.push_back({std::move(target)});
  if (!out->groups_.empty()) out->thread_ = std::thread([sampler = out.get()] { sampler->run(); });
  return out;
}

TimelineSampler::~TimelineSampler() {
  quit_ = true;
  if (thread_.joinable()) thread_.join();
}

/// The period is one more file on v1: read when the quota's text has changed, and now and then.
bool TimelineSampler::look(Watched& group, std::size_t number) {
  const auto text = group.target.files.read_file(CpuFile::quota);
  const auto usage = group.target.files.usage();
  const auto throttle = group.target.files.throttle();
  if (!text || !usage || !throttle) return false;
  if (*text != group.quota_text || number % kReread == 0) {
    const auto bandwidth = group.target.files.bandwidth();
    if (!bandwidth) return false;
    group.quota_text = *text;
    group.quota_cores = cores_of(*bandwidth);
  }
  group.looks.push_back({monotonic_ns(), usage->count(), throttle->throttled_time.count(), group.quota_cores});
  return true;
}

void TimelineSampler::run() {
  std::size_t number = 0;
  for (auto due = from_; due <= to_ && !quit_; due += kEvery, ++number) {
    const auto now = monotonic_ns();
    if (now < due) std::this_thread::sleep_for(nanoseconds{due - now});
    // Late by more than one look: go on from here. What was missed is in the next rate.
    else if (now > due + kEvery) due += (now - due) / kEvery * kEvery;
    for (auto& group : groups_) group.readable = group.readable && look(group, number);
  }
  cpu_seconds_ = thread_cpu_seconds();
}

std::vector<Timeline> TimelineSampler::finish() {
  quit_ = true;
  if (thread_.joinable()) thread_.join();
  std::vector<Timeline> out;
  const auto seconds = static_cast<double>(to_ - from_) / 1e9;
  for (const auto& group : groups_) {
    auto timeline = timeline_of(arm_, group.target.name, group.target.base_cores, from_, group.looks);
    if (timeline.t_s.empty()) continue;
    timeline.sampler_cpu = seconds > 0 ? cpu_seconds_ / seconds : 0;
    out.push_back(std::move(timeline));
  }
  return out;
}

}  // namespace headroom::lab
