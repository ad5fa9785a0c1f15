#include "agent/kernel_sink.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <set>

namespace headroom {
namespace {

std::atomic<SinkHook> sink_hook{nullptr};
std::atomic<WriteHook> write_hook{nullptr};

void stage(SinkStage reached) {
  if (const SinkHook hook = sink_hook.load(std::memory_order_relaxed)) hook(reached);
}

Error fence_error() { return {Errc::denied, kFence, "raised by the guard: nothing was written"}; }

bool is_there(const std::string& dir, std::uint64_t inode) {
  struct stat found {};
  return ::stat(dir.c_str(), &found) == 0 && found.st_ino == inode;
}

constexpr std::string_view kLeftOut = "left out with its unit: ", kUndone = "undone with its unit: ";

}  // namespace

bool failed_with_its_unit(const Error& error) {
  return error.code == Errc::rejected && (error.detail.starts_with(kLeftOut) || error.detail.starts_with(kUndone));
}

void set_sink_hook(SinkHook hook) { sink_hook.store(hook); }
void set_write_hook(WriteHook hook) { write_hook.store(hook); }

void KernelSink::tell(WriteKind kind, const std::string& dir, CpuFile file, const std::string& text) const {
  if (const WriteHook hook = write_hook.load(std::memory_order_relaxed)) hook(kind, dir.c_str(), file_name(file, v2_), text.c_str());
}

struct KernelSink::Run {
  const Catalog& catalog;
  std::vector<Done> done;
  std::set<std::uint32_t> failed;   ///< units
};

KernelSink::KernelSink(GroupAccess& access, ledger::Ledger* book, OwnWrites& own, const Hierarchy& where,
                       TimePoint (*clock)())
    : access_(access), book_(book), own_(own), where_(where), root_(where.cpu), v2_(where.v2), clock_(clock), ours_(book) {}

bool KernelSink::fenced() {
  if (book_ && book_->fenced()) fence_ = FenceState::raised;
  return fence_ == FenceState::raised;
}

void KernelSink::beat(TimePoint now) {
  if (book_ && !book_->empty()) book_->beat(now.time_since_epoch().count());
}

void KernelSink::reset() { ours_.reset(); }

/// Groups that are gone, and files in which somebody else has spoken since, are not ours to put back. A group that was only
/// lost sight of (a read that said it was gone) comes back as a stranger: nothing of ours may be taken for its owner's then.
void KernelSink::settle_ledger(const Catalog& catalog) {
  for (const auto& f : own_.foreign) ours_.found(f.slot, f.group_id, f.file, f.text);
  own_.foreign.clear();
  auto orphans = ours_.drop_gone(catalog, is_there);
  if (orphans.empty() || fenced()) return;
  // Bursts first, the deepest first, and twice: what was refused once is not in the way of itself the second time (KERNEL 3, 5).
  std::sort(orphans.begin(), orphans.end(), [](const auto& a, const auto& b) {
    return std::pair(a.file != CpuFile::burst, b.dir.size()) < std::pair(b.file != CpuFile::burst, a.dir.size());
  });
  for (int pass = 0; pass < 2; ++pass) std::erase_if(orphans, [this](const auto& orphan) { return put_home(orphan); });
}

/// @return whether nothing of ours is there any more; else its row stays in the ledger
bool KernelSink::put_home(const OwnValues::Orphan& orphan) {
  auto files = GroupFiles::open(where_, orphan.dir == root_ ? "" : orphan.dir.substr(root_.size() + 1));
  if (!files || files->inode() != orphan.inode) return false;
  const auto present = files->read_file(orphan.file);
  if (!present) return false;
  if (*present == orphan.ours) {
    const TimePoint begin = clock_();
    tell(WriteKind::restore, orphan.dir, orphan.file, orphan.original);
    const auto result = files->write_file(orphan.file, orphan.original);
    counters_.count(orphan.file, WriteKind::restore, result ? WriteResult::ok : result_of(result.error().code), clock_() - begin);
    if (!result) return false;
  }
  ours_.settled(orphan);
  return true;
}

Result<SinkTarget> KernelSink::target_of(Slot slot, const Catalog& catalog) {
  const Group* group = catalog.find(slot);
  GroupFiles* files = access_.files(slot);
  if (!group || !files) return fail(Errc::gone, "slot " + std::to_string(slot), "the group is not there any more");
  return SinkTarget{slot, group->id, group->inode, group->path.empty() ? root_ : root_ + "/" + group->path, files};
}

std::vector<Outcome> KernelSink::apply(const Plan& plan, const Catalog& catalog) {
  fence_ = FenceState::down;
  settle_ledger(catalog);
  Run run{catalog, {}, {}};
  std::vector<Outcome> outcomes;
  outcomes.reserve(plan.writes.size() + plan.refills.size());
  for (const auto& w : plan.writes) {
    if (!outcomes.empty()) stage(SinkStage::between_writes);
    outcomes.push_back(write(w, outcomes.size(), run));
    const auto& error = outcomes.back().error;
    if (error && fence_ == FenceState::down && run.failed.insert(w.unit).second) undo_unit(w.unit, *error, run, outcomes);
  }
  for (const auto& r : plan.refills) outcomes.push_back(refill(r, catalog));
  return outcomes;
}

Outcome KernelSink::write(const Write& w, std::size_t index, Run& run) {
  const TimePoint begin = clock_();
  Outcome outcome{w.slot, 0, WriteKind::settings, w.to, std::nullopt, begin, nanoseconds{0}, w.why};
  const auto target = target_of(w.slot, run.catalog);
  if (target) outcome.group_id = target->id;
  const auto steps = steps_between(w.from, w.to, v2_);
  const bool homeward = target && ours_.homeward(*target, steps);
  Result<> result;
  if (!target) result = tl::unexpected(target.error());
  else if (fenced()) result = tl::unexpected(fence_error());
  else if (run.failed.contains(w.unit) && !homeward) result = fail(Errc::rejected, target->dir, std::string(kLeftOut) + "another write failed");
  else result = take_steps(*target, steps, w.why.because == Because::put_right ? Whose::owners : Whose::ours);
  if (result) run.done.push_back({index, w.unit, *target, steps, homeward});
  else outcome.error = result.error();
  outcome.at = clock_();
  outcome.cost = outcome.at - begin;
  return outcome;
}

/// All of them, or (unless they lead home) none.
Result<> KernelSink::take_steps(const SinkTarget& target, const std::vector<FileStep>& steps, Whose whose) {
  const bool homeward = ours_.homeward(target, steps);
  std::vector<FileStep> taken;
  for (const auto& step : steps) {
    auto result = put(target, step, homeward ? WriteKind::restore : WriteKind::settings, whose);
    if (!result) {
      if (!homeward && fence_ == FenceState::down) take_back(target, taken);
      return result;
    }
    taken.push_back(step);
  }
  return {};
}

/// The value that the plan rests on is checked immediately before the pwrite: what somebody has written since stands.
Result<> KernelSink::check(const SinkTarget& target, const FileStep& step, WriteKind kind) {
  const auto present = target.files->read_file(step.file);
  if (!present) return tl::unexpected(present.error());
  if (*present == step.before) return {};
  ours_.found(target.slot, target.id, step.file, *present);
  counters_.count(step.file, kind, WriteResult::foreign, nanoseconds{0});
  const std::string file = target.dir + "/" + file_name(step.file, v2_);
  return fail(Errc::rejected, file, "foreign value " + *present + ", expected " + step.before);
}

Result<> KernelSink::put(const SinkTarget& target, const FileStep& step, WriteKind kind, Whose whose) {
  stage(SinkStage::before_intend);
  if (ours_.doubtful(target, step))
    if (auto as_expected = check(target, step, kind); !as_expected) return as_expected;
  if (auto noted = ours_.intend(target, step, whose); !noted) return noted;
  stage(SinkStage::after_intend);
  const TimePoint begin = clock_();
  if (auto as_expected = check(target, step, kind); !as_expected) {
    ours_.refused(target, step);
    return as_expected;
  }
  if (fenced()) return tl::unexpected(fence_error());
  stage(SinkStage::after_fence);
  tell(kind, target.dir, step.file, step.after);
  const auto result = target.files->write_file(step.file, step.after);
  stage(SinkStage::after_write);
  const TimePoint end = clock_();
  counters_.count(step.file, kind, result ? WriteResult::ok : result_of(result.error().code), end - begin);
  if (!result) {
    ours_.refused(target, step);
    return result;
  }
  ours_.wrote(target, step, whose);
  own_.written.push_back({target.slot, target.id, step.file, step.after, OwnKind::setting, end});
  return {};
}

/// @return whether everything is as it was
bool KernelSink::take_back(const SinkTarget& target, const std::vector<FileStep>& steps) {
  bool whole = true;
  for (const auto& step : reversed(steps)) whole &= put(target, step, WriteKind::restore, Whose::ours).has_value();
  return whole;
}

void KernelSink::undo_unit(std::uint32_t unit, const Error& why, Run& run, std::vector<Outcome>& outcomes) {
  for (auto it = run.done.rbegin(); it != run.done.rend(); ++it) {
    if (it->unit != unit || it->homeward) continue;
    // What could not be taken back is in force, and its outcome says so.
    if (take_back(it->target, it->steps))
      outcomes[it->outcome].error = Error{Errc::rejected, it->target.dir, std::string(kUndone) + why.where + ": " + why.detail};
    if (fence_ == FenceState::raised) return;
  }
  std::erase_if(run.done, [unit](const Done& d) { return d.unit == unit; });
}

}  // namespace headroom
