#include "agent/kernel_source_tree.hpp"

#include <string_view>
#include <unordered_set>

#include "cgroups/fs/node.hpp"

namespace headroom {
namespace {

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

bool is_below(const std::string& path, const std::string& ancestor) {
  if (ancestor.empty()) return !path.empty();
  return path.size() > ancestor.size() && path.starts_with(ancestor) && path[ancestor.size()] == '/';
}

/// One directory and its immediate children, whatever is below them.
Result<std::vector<FoundGroup>> list_directory(const Hierarchy& where, const std::string& path) {
  Hierarchy sub = where;
  if (!path.empty()) sub.cpu += "/" + path;
  auto found = scan(sub, [](const std::string& p) { return p.empty(); });
  if (!found) return found;
  for (auto& group : *found)
    if (!path.empty()) group.path = group.path.empty() ? path : path + "/" + group.path;
  return found;
}

}  // namespace

GroupTree::GroupTree(Hierarchy where, Classifier classifier, Watcher watcher)
    : where_(std::move(where)), shared_where_(std::make_shared<const Hierarchy>(where_)),
      classifier_(std::move(classifier)), watcher_(std::move(watcher)) {
  catalog_.v2 = where_.v2;
  catalog_.cpus = online_cpus();
  catalog_.cores = physical_cores(catalog_.cpus);
}

GroupFiles* GroupTree::files(Slot slot) { return slot < files_.size() && files_[slot] ? &*files_[slot] : nullptr; }

std::vector<Slot> GroupTree::take_new() { return std::exchange(new_, {}); }

std::vector<Slot> GroupTree::take_gone() { return std::exchange(gone_, {}); }

std::vector<Error> GroupTree::take_faults() { return std::exchange(faults_, {}); }

Slot GroupTree::find(const std::string& path) const {
  const auto found = directories_.find(path);
  return found == directories_.end() ? kNoSlot : found->second.slot;
}

Slot GroupTree::free_slot() {
  if (!free_.empty()) {
    const Slot slot = free_.back();
    free_.pop_back();
    return slot;
  }
  catalog_.groups.emplace_back();
  files_.emplace_back();
  return static_cast<Slot>(catalog_.groups.size() - 1);
}

/// An ancestor gets a slot when its first watched descendant does.
Slot GroupTree::parent_slot(const std::string& path, TimePoint now) {
  if (path.empty()) return kNoSlot;
  const std::string parent = parent_of(path);
  const auto found = directories_.find(parent);
  if (found == directories_.end()) return kNoSlot;
  return found->second.slot != kNoSlot ? found->second.slot : enter(parent, found->second, now);
}

Slot GroupTree::enter(const std::string& path, Directory& directory, TimePoint now) {
  auto opened = GroupFiles::open(shared_where_, path);
  if (!opened) {
    trouble(path, opened.error());
    return kNoSlot;
  }
  if (opened->inode() != directory.inode) return kNoSlot;   // another life already: its own event will tell
  const Slot parent = parent_slot(path, now);
  const Slot slot = free_slot();
  Group group;
  group.id = next_id_++;
  group.path = path;
  group.parent = parent;
  group.inode = directory.inode;
  group.identity = directory.verdict.identity;
  group.first_seen = now;
  catalog_.groups[slot] = std::move(group);
  files_[slot] = std::move(*opened);
  directory.slot = slot;
  describe(directory);
  if (directory.verdict.identity.kind == GroupKind::container && !directory.verdict.names.told) strangers_.push_back(directory.verdict.identity);
  ++catalog_.generation;
  new_.push_back(slot);
  refresh_cpus(slot);
  return slot;
}

void GroupTree::add(const std::string& path, TimePoint now) {
  auto opened = GroupFiles::open(shared_where_, path);
  if (!opened) return trouble(path, opened.error());
  const auto known = directories_.find(path);
  if (known != directories_.end()) {
    if (known->second.inode == opened->inode()) return;
    forget_below(path);
  }
  Directory directory{opened->inode(), kNoSlot, classifier_.classify(path, catalog_)};
  const bool watched = directory.verdict.interest == Interest::watched;
  const bool descend = directory.verdict.below == Below::descend;
  auto& entry = directories_[path] = std::move(directory);
  // The watch comes before the walk: what is made in between shows in one of them.
  if (watched || descend) watch(path);
  if (watched || path.empty()) enter(path, entry, now);
  if (descend) scan_directory(path, now);
}

void GroupTree::scan_directory(const std::string& path, TimePoint now) {
  const auto found = list_directory(where_, path);
  if (!found) {
    if (found.error().code != Errc::absent) trouble(path, found.error());
    return;
  }
  std::unordered_set<std::string_view> listed;
  for (const auto& group : *found) listed.insert(group.path);
  std::vector<std::string> gone;
  const std::string prefix = path.empty() ? path : path + "/";
  for (auto it = directories_.upper_bound(prefix); it != directories_.end() && it->first.starts_with(prefix); ++it)
    if (it->first.find('/', prefix.size()) == std::string::npos && !listed.contains(it->first)) gone.push_back(it->first);
  for (const auto& child : gone) forget_below(child);
  for (auto child = found->begin() + 1; child != found->end(); ++child) {
    const auto known = directories_.find(child->path);
    if (known == directories_.end() || known->second.inode != child->inode) add(child->path, now);
  }
}

void GroupTree::forget_below(const std::string& path) {
  for (auto it = directories_.lower_bound(path); it != directories_.end() && it->first.starts_with(path);) {
    if (it->first != path && !is_below(it->first, path)) {
      ++it;
      continue;
    }
    release(it->second);
    watcher_.remove(it->first);
    it = directories_.erase(it);
  }
}

void GroupTree::release(Directory& directory) {
  const Slot slot = std::exchange(directory.slot, kNoSlot);
  if (slot == kNoSlot) return;
  catalog_.groups[slot].reset();
  files_[slot].reset();
  free_.push_back(slot);
  gone_.push_back(slot);
  ++catalog_.generation;
}

void GroupTree::created(const std::string& path, TimePoint now) {
  const auto parent = directories_.find(parent_of(path));
  if (parent != directories_.end() && parent->second.verdict.below == Below::stop) return;
  add(path, now);
}

void GroupTree::removed(const std::string& path) {
  const auto known = directories_.find(path);
  if (known == directories_.end()) return;
  const auto present = GroupFiles::open(shared_where_, path);
  if (present && present->inode() == known->second.inode) return;
  forget_below(path);
}

void GroupTree::drop(Slot slot) {
  if (const Group* group = catalog_.find(slot)) forget_below(std::string(group->path));
}

Result<> GroupTree::scan_all(TimePoint now) {
  to_scan_.clear();
  if (directories_.empty()) {
    add("", TimePoint{});   // they were there before us: nobody in it has just begun
    if (!directories_.empty()) return {};
    if (!faults_.empty()) return tl::unexpected(faults_.back());
    return fail(Errc::absent, where_.cpu, "the root group cannot be opened");
  }
  begin_rescan();
  scan_some(SIZE_MAX, now);
  return {};
}

void GroupTree::begin_rescan() {
  if (!to_scan_.empty()) return;
  for (const auto& [path, directory] : directories_)
    if (directory.verdict.below == Below::descend) to_scan_.push_back(path);
}

void GroupTree::scan_some(std::size_t directories, TimePoint now) {
  for (; directories > 0 && !to_scan_.empty(); --directories) {
    const std::string path = std::move(to_scan_.front());
    to_scan_.pop_front();
    if (directories_.contains(path)) scan_directory(path, now);
  }
}

std::vector<Identity> GroupTree::take_strangers() { return std::exchange(strangers_, {}); }

void GroupTree::set_role(Slot slot, Role role) {
  const Group* known = catalog_.find(slot);
  if (!known || !known->container.empty()) return;
  bool& field = catalog_.groups[slot]->infrastructure;
  const bool value = role == Role::infrastructure;
  if (field != value) ++catalog_.generation;
  field = value;
}

bool GroupTree::refresh_cpus(Slot slot) {
  auto* open = files(slot);
  if (!open) return false;
  const auto cpus = open->cpus();
  const CpuSet now = cpus ? *cpus : CpuSet{};
  if (now == catalog_.groups[slot]->cpus) return false;
  catalog_.groups[slot]->cpus = now;
  ++catalog_.generation;
  return true;
}

}  // namespace headroom
