// A Kubernetes-shaped tree in a scratch group that is the whole --cgroup-root of a source.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "agent/clock.hpp"
#include "agent/kernel_sink.hpp"
#include "agent/kernel_source.hpp"
#include "agent/process_stats.hpp"
#include "tests/support/scratch_group.hpp"

namespace headroom::live {

inline std::string uid(int n) {
  const std::string tail = std::to_string(100'000'000'000 + n);
  return "3f1c2a90-7b5d-4e1f-9a62-" + tail;
}
inline std::string container_id(int n) {
  std::string id = std::to_string(n);
  return std::string(64 - id.size(), 'a') + id;
}

class EdgesTest : public ::testing::Test {
 protected:
  ScratchGroup root{"edges"};
  ScratchGroup kubepods{root, "kubepods"};
  ScratchGroup burstable{kubepods, "burstable"};
  std::map<std::string, std::unique_ptr<ScratchGroup>> made;   ///< by path below `root`
  std::unique_ptr<KernelSource> source;

  EdgesTest() { use_every_file_allowed(); }   // as the daemon does: a guest's init allows 1024 at first

  static Hierarchy below(const ScratchGroup& group) {
    Hierarchy where = host();
    for (auto* dir : {&where.cpu, &where.cpuacct, &where.cpuset, &where.pids, &where.unified})
      if (!dir->empty()) *dir += "/" + group.path();
    return where;
  }
  Hierarchy where() const { return below(root); }

  ScratchGroup& make(const ScratchGroup& parent, const std::string& name) {
    auto group = std::make_unique<ScratchGroup>(parent, name);
    const std::string path = rel(*group);
    return *(made[path] = std::move(group));
  }
  ScratchGroup& pod(int n) { return make(burstable, "pod" + uid(n)); }
  ScratchGroup& container(const ScratchGroup& in, int n) { return make(in, container_id(n)); }
  std::string rel(const ScratchGroup& group) const { return group.path().substr(root.path().size() + 1); }

  static void limit(const ScratchGroup& group, std::int64_t quota_us) {
    auto files = group.open();
    must(set_limit(files, microseconds{quota_us}, microseconds{100'000}));
  }
  static std::string quota_text(std::int64_t us) {
    return on_v2() ? std::to_string(us) + " 100000" : std::to_string(us);
  }
  static Bandwidth bandwidth(std::int64_t quota_us, std::int64_t burst_us = 0) {
    return {microseconds{quota_us}, microseconds{100'000}, microseconds{burst_us}};
  }

  void watch(std::optional<Judge> judge = Judge::none) {
    ClassConfig everything;
    everything.rule.name = "steps";
    everything.rule.borrow = BorrowRule{};
    everything.match.emplace_back().path = {"kubepods/burstable/**"};
    KernelSourceOptions options;
    options.where = where();
    options.rules.classes = {everything};
    options.judge = judge;
    options.clock = monotonic_now;
    source = must(KernelSource::create(std::move(options)));
  }
  Sample look(ReadPlan plan = {}) { return source->observe(plan); }
  Slot slot(const ScratchGroup& group) const {
    const auto& groups = source->catalog().groups;
    for (Slot s = 0; s < groups.size(); ++s)
      if (groups[s] && groups[s]->path == rel(group)) return s;
    return kNoSlot;
  }
  const Group* group(const ScratchGroup& scratch) const { return source->catalog().find(slot(scratch)); }
  /// Sorted paths of the live catalog.
  std::vector<std::string> paths() const {
    std::vector<std::string> out;
    for (const auto& g : source->catalog().groups)
      if (g) out.push_back(g->path);
    std::sort(out.begin(), out.end());
    return out;
  }
  static const Reading* reading(const Sample& sample, Slot wanted) {
    for (const auto& r : sample.readings)
      if (r.slot == wanted) return &r;
    return nullptr;
  }
};

}  // namespace headroom::live
