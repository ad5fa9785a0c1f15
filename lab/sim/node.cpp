#include "lab/sim/node.hpp"

#include <algorithm>
#include <utility>

namespace headroom::lab::sim {
namespace {

CpuSet all_cpus(int count) {
  CpuSet out;
  for (int i = 0; i < count; ++i) out.set(static_cast<std::size_t>(i));
  return out;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

SimNode::SimNode(const Machine& machine) : kernel_(machine, loads_) {
  loads_.attach(kernel_);
  catalog_.cpus = machine.cpus;
  catalog_.v2 = machine.version == Version::v2;
  Group root;
  root.id = 1;
  root.cpus = all_cpus(machine.cpus);
  catalog_.groups.emplace_back(std::move(root));
  by_path_[""] = kRoot;
  new_.push_back(kRoot);
  pressed_at_ = kernel_.now();
}

std::uint32_t SimNode::rule_of(const ClassRule& rule) {
  const auto found = std::find(catalog_.rules.begin(), catalog_.rules.end(), rule);
  const auto index = static_cast<std::uint32_t>(found - catalog_.rules.begin());
  if (found == catalog_.rules.end()) catalog_.rules.push_back(rule);
  return index;
}

Slot SimNode::find(const std::string& path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? kNoSlot : found->second;
}

Result<Slot> SimNode::add(const NodeGroup& group) {
  const Slot parent = find(parent_of(group.path));
  if (parent == kNoSlot) return fail(Errc::gone, group.path, "its parent is not there");
  if (find(group.path) != kNoSlot) return fail(Errc::rejected, group.path, "there is one already");
  const Slot slot = kernel_.make(parent);
  Group entry;
  entry.path = group.path;
  entry.identity = group.identity;
  entry.infrastructure = group.infrastructure;
  entry.parent = parent;
  entry.id = entry.inode = slot + 1;
  entry.rule = rule_of(group.rule);
  entry.cpus = all_cpus(catalog_.cpus);
  if (observed_) entry.first_seen = now();
  catalog_.groups.resize(std::max<std::size_t>(catalog_.groups.size(), slot + 1));
  catalog_.groups[slot] = std::move(entry);
  by_path_[group.path] = slot;
  new_.push_back(slot);
  ++catalog_.generation;
  happened_ = true;
  return slot;
}

void SimNode::remove(Slot slot) {
  const Group* group = catalog_.find(slot);
  if (group == nullptr || slot == kRoot) return;
  const std::vector<GroupId> below(kernel_.children(slot).begin(), kernel_.children(slot).end());
  for (const GroupId child : below) remove(child);
  kernel_.remove(slot);
  by_path_.erase(group->path);
  catalog_.groups[slot].reset();
  ++catalog_.generation;
  happened_ = true;
}

void SimNode::tell_limit(Slot slot, std::optional<FiniteLimit> limit) {
  if (catalog_.find(slot) == nullptr) return;
  catalog_.groups[slot]->owners_limit = limit;
  ++catalog_.generation;
  happened_ = true;
}

Result<> SimNode::foreign_write(const ForeignWrite& write) {
  const Group* group = catalog_.find(write.slot);
  if (group == nullptr) return fail(Errc::gone, "slot " + std::to_string(write.slot), "the group is not there");
  const auto result = write_file(kernel_, write.slot, write.file, write.text);
  const auto what = result ? FileEvent::What::changed : FileEvent::What::refused;
  events_.push_back({write.slot, group->id, event_file(write.file), what, now(), write.reload});
  happened_ = true;
  return result;
}

void SimNode::at(TimePoint when, std::function<void()> action) {
  const auto later = [](const Action& a, Ns at) { return a.at > at; };
  actions_.insert(std::lower_bound(actions_.begin(), actions_.end(), ns(when), later), {ns(when), std::move(action)});
}

bool SimNode::run_due_action() {
  const auto run = std::move(actions_.back().run);
  actions_.pop_back();
  run();   // may ask for more
  return happened_;
}

void SimNode::pass(Ns until, Until what) {
  while (!actions_.empty() && actions_.back().at <= until) {
    kernel_.advance(actions_.back().at);
    if (run_due_action() && what == Until::something_happens) return;
  }
  kernel_.advance(until);
}

void SimNode::run_daemon(nanoseconds each_tick) {
  constexpr double kNiceMinus10 = 9548;   // sched_prio_to_weight
  each_tick_ = each_tick;
  daemon_ = loads_.add_idle(kRoot);
  kernel_.set_weight(daemon_, kNiceMinus10);
}

void SimNode::pass_until(TimePoint until) { pass(ns(until), Until::the_end); }

SimNode::Heard SimNode::wait_until(TimePoint until) {
  if (!happened_) pass(ns(until), Until::something_happens);
  return happened_ ? Heard::something : Heard::nothing;
}

}  // namespace headroom::lab::sim
