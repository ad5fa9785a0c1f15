#include "cgroups/ledger/index.hpp"

namespace headroom::ledger {
namespace {

std::atomic<void (*)(int)> stage_hook{nullptr};

void stage(Stage s) {
  if (auto* hook = stage_hook.load(std::memory_order_relaxed)) hook(static_cast<int>(s));
}

void fill(Value& v, std::uint64_t life, const Text& text) {
  v.stamp.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // never old stamp with new text
  std::memcpy(v.text, text, kMaxValue);
  v.check = check_of(v, life);
}

}  // namespace

void set_stage_hook(void (*hook)(int stage)) { stage_hook.store(hook); }

void add_value(Row& row, const Text& text) {
  Value* oldest = &row.values[0];
  Value* same = nullptr;
  std::uint64_t newest = 0;
  for (Value& v : row.values) {
    const std::uint64_t stamp = v.stamp.load(std::memory_order_relaxed);
    if (stamp < oldest->stamp.load(std::memory_order_relaxed)) oldest = &v;
    if (stamp > newest) newest = stamp;
    if (stamp != 0 && std::memcmp(v.text, text, kMaxValue) == 0) same = &v;
  }
  if (newest >= kLastCount) {  // damage: which is the least recent cannot be told any more
    for (Value& v : row.values)
      if (v.stamp.load(std::memory_order_relaxed) != 0) v.stamp.store(1, std::memory_order_release);
    newest = 1;
  }
  if (same == nullptr) fill(*oldest, row.life.load(std::memory_order_relaxed), text);
  stage(Stage::payload);
  (same != nullptr ? same : oldest)->stamp.store(newest + 1, std::memory_order_release);
  stage(Stage::published);
}

void Index::link(std::uint32_t group) {
  const GroupRow& g = image->groups[group];
  std::uint32_t& head = buckets[bucket(g.path, g.length)];
  next[group] = head;
  head = group;
}

void Index::unlink(std::uint32_t group) {
  const GroupRow& g = image->groups[group];
  std::uint32_t* at = &buckets[bucket(g.path, g.length)];
  while (*at != group) at = &next[*at];
  *at = next[group];
}

std::uint32_t Index::find(const char* path, std::size_t n) const {
  std::uint32_t g = buckets[bucket(path, n)];
  while (g != kNone && (image->groups[g].length != n || std::memcmp(image->groups[g].path, path, n) != 0)) g = next[g];
  return g;
}

bool Index::take_row(std::uint32_t i, std::uint64_t& last_life) {
  Row& row = image->rows[i];
  const std::uint64_t life = row.life.load() > row.group_life ? row.life.load() : row.group_life;
  Copy copy;
  if (life > kLastCount || !copy_row(*image, i, copy)) return false;
  std::uint32_t& taken = rows[row.group][static_cast<std::size_t>(row.file)];
  if (taken != kNone) return false;
  taken = i;
  if (life > last_life) last_life = life;
  return true;
}

void Index::rebuild() {
  epoch = image->header.epoch.load(std::memory_order_acquire);
  std::memset(buckets, 0xff, sizeof buckets);
  std::memset(rows, 0xff, sizeof rows);
  free_row_count = free_group_count = 0;
  std::uint32_t live = 0, high = 0;
  std::uint64_t last_life = 0;
  for (std::uint32_t i = kMaxFiles; i-- > 0;) {  // downwards: low indices are used first
    if (!take_row(i, last_life)) {
      if (image->rows[i].life.load() != 0) image->rows[i].life.store(0, std::memory_order_release);
      free_rows[free_row_count++] = i;
      continue;
    }
    ++live;
    if (high == 0) high = i + 1;
  }
  rebuild_groups();
  // A life that is in use is never given again, whatever a damaged header says.
  const std::uint64_t next_life = image->header.next_life.load();
  if (next_life <= last_life || next_life > kLastCount) image->header.next_life.store(last_life + 1);
  image->header.live.store(live);
  image->header.high.store(high);
}

void Index::rebuild_groups() {
  for (std::uint32_t g = kMaxGroups; g-- > 0;) {
    bool used = false;
    for (const std::uint32_t row : rows[g]) used = used || row != kNone;
    if (used) {
      link(g);
      continue;
    }
    if (image->groups[g].life.load() != 0) image->groups[g].life.store(0, std::memory_order_release);
    free_groups[free_group_count++] = g;
  }
}

std::uint32_t Index::add_group(const char* path, std::size_t n, std::uint64_t inode) {
  const std::uint32_t index = free_groups[--free_group_count];
  GroupRow& g = image->groups[index];
  const std::uint64_t life = image->header.next_life.fetch_add(1);
  g.inode = inode;
  g.length = static_cast<std::uint32_t>(n);
  std::memcpy(g.path, path, n);
  g.check = check_of(g, life);
  g.life.store(life, std::memory_order_release);
  link(index);
  return index;
}

Status Index::add_row(std::uint32_t group, File file, const Text& original, const Text& intended) {
  const std::uint32_t index = free_rows[--free_row_count];
  Row& row = image->rows[index];
  Header& header = image->header;
  const std::uint64_t life = header.next_life.fetch_add(1);
  row.group = group;
  row.group_life = image->groups[group].life.load(std::memory_order_relaxed);
  row.file = file;
  std::memcpy(row.original, original, kMaxValue);
  for (Value& v : row.values) v.stamp.store(0, std::memory_order_relaxed);
  fill(row.values[0], life, intended);
  row.values[0].stamp.store(1, std::memory_order_relaxed);
  row.check = check_of(row, life);
  if (header.high.load(std::memory_order_relaxed) <= index) header.high.store(index + 1, std::memory_order_relaxed);
  stage(Stage::payload);
  row.life.store(life, std::memory_order_release);
  header.live.fetch_add(1);
  rows[group][static_cast<std::size_t>(file)] = index;
  stage(Stage::published);
  return Status::ok;
}

void Index::drop_row(std::uint32_t group, std::size_t file) {
  const std::uint32_t index = rows[group][file];
  if (index == kNone) return;
  image->rows[index].life.store(0, std::memory_order_release);
  image->header.live.fetch_sub(1);
  rows[group][file] = kNone;
  free_rows[free_row_count++] = index;
}

void Index::drop_group_if_empty(std::uint32_t group) {
  for (const std::uint32_t row : rows[group])
    if (row != kNone) return;
  unlink(group);
  image->groups[group].life.store(0, std::memory_order_release);
  free_groups[free_group_count++] = group;
}

}  // namespace headroom::ledger
