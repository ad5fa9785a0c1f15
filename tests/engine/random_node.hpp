// A drawn node that lives: containers come, work, are throttled and go, others write to files, writes fail. Source and
// Sink of the real tick, everything from one seed.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "engine/tick.hpp"

namespace headroom::test {

class RandomNode final : public Source, public Sink {
 public:
  explicit RandomNode(std::uint64_t seed) : random_(seed) {
    catalog_.cpus = 2 + pick(0, 2);
    if (percent(30)) catalog_.cores = std::max(1, catalog_.cpus / 2);
    catalog_.generation = 1;
    catalog_.rules.push_back({"step", QosClass::step, BorrowRule{}, WeightRule::automatic});
    catalog_.rules.push_back({"latency", QosClass::ls, std::nullopt, WeightRule::automatic});
    catalog_.rules.push_back({"batch", QosClass::be, std::nullopt, WeightRule::automatic});
    catalog_.rules.push_back({"hidden", QosClass::step, BorrowRule{}, WeightRule::automatic});
    catalog_.rules.back().borrow->visibility = Visibility::hidden;
    catalog_.rules.push_back({"poor", QosClass::step, BorrowRule{}, WeightRule::automatic});
    catalog_.rules.back().borrow->credit = milliseconds{pick(0, 900)};
    catalog_.rules.push_back({"narrow", QosClass::step, BorrowRule{}, WeightRule::automatic});
    catalog_.rules.back().borrow->up_to = MilliCpu{300};
    catalog_.rules.push_back({"spared", QosClass::ls, std::nullopt, WeightRule::automatic});
    for (const Bar bar : {Bar::opt_out, Bar::holdout, Bar::withheld})
      if (percent(60)) put_bar(catalog_.rules.back(), bar);
    if (catalog_.rules.back().bars.any()) catalog_.rules.back().barred = BorrowRule{};
    add("", kNoSlot, GroupKind::other, 0, {});
    burstable_ = add("kubepods/burstable", add("kubepods", 0, GroupKind::qos, 0, {}), GroupKind::qos, 0, {});
    for (int i = pick(2, 6); i > 0; --i) pod();
    all_busy_.resize(static_cast<std::size_t>(catalog_.cpus));
  }

  Sample observe(const ReadPlan&) override {
    const nanoseconds step = milliseconds{pick(4, 16)};
    at_ += step;
    if (percent(2)) pod();
    if (percent(1)) remove();
    if (percent(2)) catalog_.groups[any()]->cpus = drawn_cpus(), ++catalog_.generation;
    Sample s;
    s.lateness = microseconds{percent(2) ? pick(10'000, 60'000) : pick(0, 900)};
    for (Slot slot = 0; slot < lives_.size(); ++slot)
      if (catalog_.groups[slot]) live(slot, step), read(slot, s);
    read_node(step, s);
    if (percent(3)) somebody_writes(s);
    if (percent(1)) s.failed = true;
    s.at = at_;
    return s;
  }
  const Catalog& catalog() const override { return catalog_; }

  std::vector<Outcome> apply(const Plan& plan, const Catalog&) override {
    std::vector<Outcome> out;
    for (const Write& w : plan.writes) out.push_back(outcome(w.slot, WriteKind::settings, w.to, w.why));
    for (const Refill& r : plan.refills) out.push_back(outcome(r.slot, WriteKind::refill, lives_[r.slot].file, r.why));
    for (Outcome& o : out) {
      if (percent(2)) o.error = Error{Errc::rejected, "cpu.cfs_quota_us", "EINVAL"};
      else if (const auto* b = std::get_if<Bandwidth>(&o.to)) lives_[o.slot].file = *b;
      else lives_[o.slot].weight = std::get<Shares>(o.to);
    }
    return out;
  }

  Engine engine(const std::string& policy = "headroom") {
    ModelParams params;
    params.judge = Judge::pressure;
    Faults none;
    Engine e{ModelState(params), make_policy(policy, {}, none), {}, {}, {}, {}, {}, {}, {}};
    e.rails.guard_up = e.rails.may_write = true;
    e.rails.node_cores = MilliCpu{1000 * catalog_.cpus};
    return e;
  }
  std::int64_t pick(std::int64_t low, std::int64_t high) { return std::uniform_int_distribution<std::int64_t>(low, high)(random_); }
  int pick(int low, int high) { return static_cast<int>(pick(std::int64_t{low}, std::int64_t{high})); }
  bool percent(int of) { return pick(0, 99) < of; }

 private:
  struct Life {
    Bandwidth file;
    Shares weight{256};
    nanoseconds usage{0}, wait{0}, in_period{0};
    ThrottleCounters throttle;
    MilliCpu demand;
    int settings_read = 0;
  };

  CpuSet drawn_cpus() {
    CpuSet set;
    for (int c = 0; c < catalog_.cpus; ++c) set.set(static_cast<std::size_t>(c), percent(80));
    if (set.none()) set.set(0);
    return set;
  }
  Slot any() {
    const auto slot = static_cast<Slot>(pick(std::int64_t{0}, static_cast<std::int64_t>(lives_.size()) - 1));
    return catalog_.groups[slot] ? slot : 0;
  }
  /// A free slot as often as not, so that lives follow each other in one.
  Slot next_slot() {
    for (Slot s = 0; s < catalog_.groups.size(); ++s)
      if (!catalog_.groups[s] && percent(50)) return s;
    catalog_.groups.emplace_back();
    lives_.emplace_back();
    return static_cast<Slot>(catalog_.groups.size() - 1);
  }

  Slot add(const std::string& path, Slot parent, GroupKind kind, std::uint32_t rule, const Bandwidth& base) {
    Group g;
    g.id = ++ids_;
    g.path = path;
    g.parent = parent;
    g.identity.kind = kind;
    g.rule = rule;
    g.first_seen = at_;
    for (int c = 0; c < catalog_.cpus; ++c) g.cpus.set(static_cast<std::size_t>(c));
    const Slot slot = next_slot();
    catalog_.groups[slot] = std::move(g);
    lives_[slot] = Life{};
    lives_[slot].file = base;
    ++catalog_.generation;
    return slot;
  }

  void pod() {
    const std::string uid = "p" + std::to_string(ids_);
    const bool unlimited = percent(12);
    const microseconds quota{pick(10'000, 120'000)};
    Bandwidth b;
    if (!unlimited) b.quota = quota;
    const auto rule = static_cast<std::uint32_t>(pick(0, 7));
    const Slot p = add("kubepods/burstable/pod" + uid, burstable_, GroupKind::pod, 0, b);
    const Slot c = add(catalog_.groups[p]->path + "/main", p, GroupKind::container, rule, b);
    for (const Slot s : {p, c}) catalog_.groups[s]->identity.pod_uid = uid;
    if (percent(30)) catalog_.groups[c]->cpus = drawn_cpus();
    if (!percent(30)) return;
    const Slot sandbox = add(catalog_.groups[p]->path + "/pause", p, GroupKind::container, rule, {});
    catalog_.groups[sandbox]->infrastructure = true;
  }

  void remove() {
    for (Slot s = 0; s < catalog_.groups.size(); ++s) {
      if (!catalog_.groups[s] || catalog_.groups[s]->identity.kind != GroupKind::pod || !percent(25)) continue;
      for (auto& g : catalog_.groups)
        if (g && g->parent == s) g.reset();
      catalog_.groups[s].reset();
      ++catalog_.generation;
      return;
    }
  }

  void live(Slot slot, nanoseconds step) {
    if (catalog_.groups[slot]->identity.kind != GroupKind::container) return;
    Life& l = lives_[slot];
    if (percent(5)) l.demand = MilliCpu{percent(50) ? 0 : pick(20, 2500)};
    const auto limit = limit_of(l.file);
    const MilliCpu rate = limit ? std::min(l.demand, *limit) : l.demand;
    const nanoseconds used = cpu_time(rate, step);
    for (Slot s = slot; s != kNoSlot; s = catalog_.groups[s]->parent) lives_[s].usage += used;
    l.wait += cpu_time(MilliCpu{pick(0, 60)}, step);
    ++l.throttle.periods;
    if (!limit || l.demand <= *limit) return;
    ++l.throttle.throttled_periods;
    l.throttle.throttled_time += step / 2;
  }

  void read(Slot slot, Sample& s) {
    Life& l = lives_[slot];
    const bool settings = l.settings_read < 6 || percent(4);
    if (!settings && percent(40)) return;
    Reading r;
    r.slot = slot;
    r.at = at_ - microseconds{pick(1, 400)};
    if (!percent(5)) r.usage = l.usage;
    if (percent(15)) r.throttle = l.throttle;
    if (settings) r.bandwidth = l.file, r.shares = l.weight, ++l.settings_read;
    if (percent(5)) r.populated = percent(90);
    if (percent(30)) r.wait = l.wait;
    s.readings.push_back(r);
  }

  void read_node(nanoseconds step, Sample& s) {
    s.node.emplace();
    s.node->at = at_;
    s.node->usage = lives_[0].usage;
    for (CpuTimes& c : all_busy_) {
      const nanoseconds busy = cpu_time(MilliCpu{pick(0, 1000)}, step);
      c.busy += busy;
      c.idle += step - busy;
      if (percent(1)) c.steal += step / 2;
    }
    if (percent(30)) s.node->cpus = all_busy_;
    if (percent(5)) s.node->pressure = 0.01 * pick(0, 100);
  }

  void somebody_writes(Sample& s) {
    const Slot slot = static_cast<Slot>(pick(std::int64_t{0}, static_cast<std::int64_t>(lives_.size()) - 1));
    if (!catalog_.groups[slot] || catalog_.groups[slot]->identity.kind != GroupKind::container) return;
    Life& l = lives_[slot];
    if (l.file.quota) l.file.quota = microseconds{pick(10'000, 120'000)};
    const auto what = percent(80) ? FileEvent::What::changed : percent(50) ? FileEvent::What::refused : FileEvent::What::overtaken;
    s.events.push_back({slot, catalog_.groups[slot]->id, FileEvent::File::bandwidth, what, at_});
    l.settings_read = 4;
  }

  Outcome outcome(Slot slot, WriteKind kind, const Setting& to, const Reason& why) {
    Outcome o;
    o.slot = slot;
    o.group_id = catalog_.groups[slot] ? catalog_.groups[slot]->id : 0;
    o.kind = kind;
    o.to = to;
    o.at = at_ + microseconds{pick(1, 50)};
    o.cost = nanoseconds{pick(800, 4000)};
    o.why = why;
    return o;
  }

  std::mt19937_64 random_;
  Catalog catalog_;
  std::vector<Life> lives_;
  std::vector<CpuTimes> all_busy_;
  TimePoint at_{seconds{1000}};
  Slot burstable_ = 0;
  std::uint64_t ids_ = 0;
};

}  // namespace headroom::test
