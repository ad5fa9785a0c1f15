#include "agent/kernel_sink_ledger.hpp"

#include <algorithm>

namespace headroom {
namespace {

constexpr std::array kFiles{CpuFile::quota, CpuFile::period, CpuFile::burst, CpuFile::shares};

ledger::File book_file(CpuFile file) { return static_cast<ledger::File>(file); }   // the same order, by contract

const char* word(ledger::Status status) {
  switch (status) {
    case ledger::Status::ok: return "ok";
    case ledger::Status::full: return "the ledger is full";
    case ledger::Status::too_long: return "path or value too long for the ledger";
    case ledger::Status::io: return "the ledger is not open";
    case ledger::Status::other_boot: return "the ledger is of another boot";
    case ledger::Status::corrupt: return "the ledger is corrupt";
  }
  return "";
}

}  // namespace

std::optional<OwnValues::Row>& OwnValues::row(Slot slot, CpuFile file) {
  if (slot >= rows_.size()) rows_.resize(slot + 1);
  return rows_[slot][static_cast<std::size_t>(file)];
}

const OwnValues::Row* OwnValues::find(const SinkTarget& target, CpuFile file) const {
  if (target.slot >= rows_.size()) return nullptr;
  const auto& found = rows_[target.slot][static_cast<std::size_t>(file)];
  return found && found->id == target.id ? &*found : nullptr;
}

void OwnValues::erase(Slot slot, CpuFile file) {
  auto& entry = row(slot, file);
  if (!entry) return;
  if (book_) book_->forget(entry->dir.c_str(), book_file(file));
  entry.reset();
  --count_;
}

Result<> OwnValues::intend(const SinkTarget& target, const FileStep& step, Whose whose) {
  if (!book_) return fail(Errc::io, target.dir, "no ledger: nothing that could not be put back is written");
  auto& entry = row(target.slot, step.file);
  // A row of an earlier life, or of a value that somebody has written over: its original is nobody's any more.
  if (entry && (entry->id != target.id || entry->ours != step.before)) erase(target.slot, step.file);
  if (entry && entry->original == step.after) return {};   // going home: a restore would write just that
  const std::string& original = whose == Whose::owners ? step.after : entry ? entry->original : step.before;
  const auto status = book_->intend(target.dir.c_str(), target.inode, book_file(step.file), original.c_str(), step.after.c_str());
  if (status != ledger::Status::ok) return fail(Errc::io, target.dir + "/" + file_word(step.file), word(status));
  if (entry) entry->original = original;
  return {};
}

void OwnValues::wrote(const SinkTarget& target, const FileStep& step, Whose whose) {
  auto& entry = row(target.slot, step.file);
  if (!entry) {
    entry = Row{target.id, target.inode, target.dir, whose == Whose::owners ? step.after : step.before, {}};
    ++count_;
  }
  entry->ours = step.after;
  if (entry->ours == entry->original) erase(target.slot, step.file);
}

void OwnValues::refused(const SinkTarget& target, const FileStep& step) {
  if (!row(target.slot, step.file) && book_) book_->forget(target.dir.c_str(), book_file(step.file));
}

void OwnValues::found(Slot slot, std::uint64_t id, CpuFile file, const std::string& text) {
  const auto& entry = row(slot, file);
  if (entry && entry->id == id && entry->ours != text) erase(slot, file);
}

bool OwnValues::doubtful(const SinkTarget& target, const FileStep& step) const {
  const Row* entry = find(target, step.file);
  return entry && entry->ours != step.before;
}

std::vector<OwnValues::Orphan> OwnValues::drop_gone(const Catalog& catalog, bool (*is_there)(const std::string&, std::uint64_t)) {
  std::vector<Orphan> orphans;
  if (count_ == 0 || seen_ == catalog.generation) return orphans;
  seen_ = catalog.generation;
  for (Slot slot = 0; slot < rows_.size(); ++slot) {
    const Group* group = catalog.find(slot);
    for (const CpuFile file : kFiles) {
      auto& entry = rows_[slot][static_cast<std::size_t>(file)];
      if (!entry || (group && group->id == entry->id)) continue;
      if (!is_there(entry->dir, entry->inode)) {
        erase(slot, file);
        continue;
      }
      orphans.push_back({entry->dir, entry->inode, file, entry->original, entry->ours});
      entry.reset();
      --count_;
    }
  }
  return orphans;
}

void OwnValues::settled(const Orphan& orphan) {
  if (book_) book_->forget(orphan.dir.c_str(), book_file(orphan.file));
}

void OwnValues::reset() {
  rows_.clear();
  count_ = 0;
}

bool OwnValues::homeward(const SinkTarget& target, const std::vector<FileStep>& steps) const {
  return std::all_of(steps.begin(), steps.end(), [&](const FileStep& step) {
    const Row* entry = find(target, step.file);
    return entry && entry->original == step.after;
  });
}

}  // namespace headroom
