// A node with a life of its own: pods come and go, work in bursts, and their owners write to them. All of it by one seed.
#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "lab/random.hpp"
#include "lab/sim/node.hpp"
#include "workloads/identity.hpp"

namespace headroom::lab {

class BusyNode {
 public:
  BusyNode(sim::Version version, std::uint64_t seed) : node({.cpus = 2, .version = version, .seed = seed}), random_(seed) {
    for (const char* path : {"kubepods", "kubepods/burstable"})
      if (!node.add({path, identify(path), {}, false})) throw std::runtime_error(path);
    for (int i = 0; i < 5; ++i) pod();
    service();
  }

  sim::SimNode node;

  /// What somebody does now and then, between two ticks.
  void live() {
    if (draw(60) == 0 && pods_.size() < 8) pod();
    if (draw(150) == 0 && pods_.size() > 3) {
      const auto which = draw(pods_.size());
      for (const auto load : pods_[which].loads) node.loads().kill(load);
      node.remove(pods_[which].slot);
      pods_.erase(pods_.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (draw(80) == 0) somebody_writes();
  }

 private:
  struct Pod {
    Slot slot = kNoSlot;
    bool limited = true;
    microseconds first{0}, each{0};   ///< limits of its first container and of the others
    std::vector<Slot> containers;
    std::vector<sim::Loads::Id> loads;
  };

  std::uint64_t draw(std::uint64_t below) { return random_.next() % below; }

  Slot make(const std::string& path, const ClassRule& rule, const Bandwidth& limit, Shares weight) {
    const Slot slot = node.add({path, identify(path), rule, false}).value();
    if (!node.kernel().write_shares(slot, weight) || !node.kernel().write_limit(slot, {limit.quota, limit.period, {}}))
      throw std::runtime_error(path);
    return slot;
  }

  void pod() {
    char uid[64], id[80];
    std::snprintf(uid, sizeof uid, "aaaaaaaa-0000-4000-a000-%012x", static_cast<unsigned>(++made_));
    const std::string path = std::string("kubepods/burstable/pod") + uid;
    const ClassRule step{"step", QosClass::step, BorrowRule{}, WeightRule::automatic};
    const int containers = 1 + static_cast<int>(draw(2));
    const microseconds each{5'000 + draw(40'000)};
    const std::optional<microseconds> whole = draw(6) == 0 ? std::nullopt : std::optional{each * containers};
    Pod out;
    out.limited = whole.has_value();
    out.first = out.each = each;
    out.slot = make(path, {}, {whole, microseconds{100'000}, {}}, Shares{102});
    for (int i = 0; i < containers; ++i) {
      std::snprintf(id, sizeof id, "%064x", static_cast<unsigned>(made_ * 16 + static_cast<std::uint64_t>(i)));
      out.containers.push_back(make(path + "/" + id, step, {each, microseconds{100'000}, {}}, Shares{51}));
      Load load;
      load.kind = LoadKind::burst;
      load.threads = 1 + static_cast<int>(draw(3));
      load.cpu = milliseconds{10 + draw(120)};
      load.pause = milliseconds{30 + draw(700)};
      out.loads.push_back(node.loads().add(out.containers.back(), load, draw(1000)));
      node.loads().begin(out.loads.back(), sim::ns(node.now()), sim::kNever);
    }
    pods_.push_back(std::move(out));
  }

  void service() {
    const std::string path = "kubepods/burstable/podbbbbbbbb-0000-4000-a000-000000000001";
    make(path, {}, {std::nullopt, microseconds{100'000}, {}}, Shares{205});
    Load load;
    load.kind = LoadKind::request;
    load.cpu = microseconds{500};
    load.rate = 100;
    const auto id = node.loads().add(make(path + "/" + std::string(64, 'b'), {}, {}, Shares{205}), load, 1);
    node.loads().begin(id, sim::ns(node.now()), sim::kNever);
  }

  /// A resize as kubelet makes it: upwards the pod first, downwards the container, some milliseconds apart. Now and then
  /// a weight.
  void somebody_writes() {
    Pod& pod = pods_[draw(pods_.size())];
    if (draw(3) == 0) return write(pod.containers.front(), sim::File::shares, std::to_string(3 + draw(400)));
    const microseconds limit{6'003 + 10 * draw(3'000)};   // no limit of ours ends in 3
    const auto container = [this, slot = pod.containers.front(), limit] { write(slot, sim::File::quota, quota_text(limit)); };
    const auto whole = [this, slot = pod.slot, sum = limit + pod.each * static_cast<int>(pod.containers.size() - 1), limited = pod.limited] {
      if (limited) write(slot, sim::File::quota, quota_text(sum));
    };
    const TimePoint later = node.now() + milliseconds{3 + draw(50)};
    const bool up = limit > pod.first;
    pod.first = limit;
    if (up) whole();
    else container();
    node.at(later, up ? std::function<void()>(container) : std::function<void()>(whole));
  }
  void write(Slot slot, sim::File file, const std::string& text) { (void)node.foreign_write({slot, file, text}); }
  std::string quota_text(microseconds quota) const {
    return std::to_string(quota.count()) + (node.catalog().v2 ? " 100000" : "");
  }

  Random random_;
  std::uint64_t made_ = 0;
  std::vector<Pod> pods_;
};

}  // namespace headroom::lab
