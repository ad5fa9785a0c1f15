// Takes leases and refusals out of journals and holds their explanations against them.
#include <fmt/core.h>

#include <fstream>
#include <map>
#include <set>

#include "engine/describe.hpp"
#include "lab/replay.hpp"

namespace headroom::lab {
namespace {

struct Tally {
  std::size_t seen = 0, sums = 0, edited = 0, changes = 0;
};

/// One pass over a journal.
class Audit {
 public:
  Audit(const AuditOptions& options, std::map<std::string, Tally>& tallies) : options_(options), tallies_(tallies) {}

  void journal(const std::string& path, const std::vector<std::string>& segments);
  bool enough() const { return leases_ >= options_.leases && refusals_ >= options_.refusals; }
  std::size_t leases() const { return leases_; }
  std::size_t refusals() const { return refusals_; }
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  void tick(const Replay::Tick& tick, const Engine& engine, const std::string& before);
  void look_at(const Replay::Tick& tick, const Engine& engine, const std::string& before, Slot slot);
  bool worth_a_look(const Explanation& e);
  void failed(const std::string& what, const Explanation& e, const Catalog& names);

  const AuditOptions& options_;
  std::map<std::string, Tally>& tallies_;
  std::string path_;
  std::size_t leases_ = 0, refusals_ = 0;
  std::map<std::uint64_t, std::pair<bool, Because>> last_;   ///< by Group::id: what was said of it before
  std::vector<std::string> wrong_;
};

/// The same tick with 5 ms more CPU in what was read of the group: what is then explained. "" where nothing was read of it.
std::string edited_explanation(const std::string& before, const JournalTick& recorded, Slot slot) {
  auto state = restore_checkpoint(before);
  JournalTick tick = recorded;
  bool any = false;
  for (Reading& r : tick.sample.readings)
    if (r.slot == slot && r.usage) *r.usage += milliseconds{5}, any = true;
  if (!state || !any) return "";
  const TickResult result = replay_tick(state->engine, tick);
  const Explanation e = explain_fully(result.snapshot, *state->engine.policy, state->engine.plans, state->engine.rails,
                                      tick.number, slot);
  return explain_json(e, result.snapshot.catalog);
}

/// A lease once, in its first tick; a refusal when another rule decides than before.
bool Audit::worth_a_look(const Explanation& e) {
  auto& before = last_[e.group_id];
  const std::pair<bool, Because> now{e.borrows, e.borrows ? Because::none : e.why.because};
  const bool news = before != now;
  before = now;
  if (!news) return false;
  return e.borrows ? leases_ < options_.leases : refusals_ < options_.refusals;
}

void Audit::failed(const std::string& what, const Explanation& e, const Catalog& names) {
  const Group* g = names.find(e.slot);
  wrong_.push_back(fmt::format("{}: tick {}: /{}: {}", path_, e.tick, g ? g->path : "", what));
}

void Audit::look_at(const Replay::Tick& tick, const Engine& engine, const std::string& before, Slot slot) {
  if (!worth_a_look(explain(tick.snapshot, *engine.policy, engine.plans, engine.rails, tick.number, slot))) return;
  const Explanation e = explain_fully(tick.snapshot, *engine.policy, engine.plans, engine.rails, tick.number, slot);
  const std::string other = edited_explanation(before, tick.recorded, slot);
  const Catalog& names = tick.snapshot.catalog;
  if (other.empty()) {   // nothing of it was read at this tick: another time
    last_.erase(e.group_id);
    return;
  }
  ++(e.borrows ? leases_ : refusals_);
  Tally& tally = tallies_[e.borrows ? fmt::format("lease, bound: {}", to_string(e.bound))
                                    : fmt::format("refusal, to change: {}", to_string(e.change.kind))];
  ++tally.seen;
  const std::string sums = check_arithmetic(e, tick.snapshot);
  if (sums.empty()) ++tally.sums;
  else failed(sums, e, names);
  if (other != explain_json(e, names)) ++tally.edited;
  else failed("5 ms more CPU change nothing in its explanation", e, names);
  if (e.borrows) return;
  const std::string changes = check_changes(e, tick.snapshot, *engine.policy, engine.plans, engine.rails);
  if (changes.empty()) ++tally.changes;
  else failed(changes, e, names);
}

void Audit::tick(const Replay::Tick& tick, const Engine& engine, const std::string& before) {
  if (!tick.agrees) wrong_.push_back(fmt::format("{}: tick {}: the replayed plan differs", path_, tick.number));
  for (const Reading& r : tick.recorded.sample.readings) {
    const Group* g = tick.snapshot.catalog.find(r.slot);
    if (!r.usage || g == nullptr || tick.snapshot.groups[r.slot].id != g->id) continue;
    if (g->identity.kind == GroupKind::container && !enough()) look_at(tick, engine, before, r.slot);
  }
}

void Audit::journal(const std::string& path, const std::vector<std::string>& segments) {
  path_ = path;
  last_.clear();
  Replay replay({segments.begin(), segments.end()});
  std::string before = replay.state();
  while (const Replay::Tick* now = replay.next()) {
    if (!before.empty()) tick(*now, *replay.engine(), before);
    before = replay.state();
    if (enough()) return;
  }
  if (replay.error()) wrong_.push_back(fmt::format("{}: {}", path, replay.error()->detail));
}

std::string table(const std::map<std::string, Tally>& tallies) {
  std::string out = "| what | looked at | arithmetic adds up | an edited input changes it | its change does what it says |\n"
                    "|---|---|---|---|---|\n";
  for (const auto& [what, t] : tallies) {
    const bool lease = what.starts_with("lease");
    out += fmt::format("| {} | {} | {} | {} | {} |\n", what, t.seen, t.sums, t.edited, lease ? "" : fmt::format("{}", t.changes));
  }
  return out;
}

}  // namespace

int run_audit(const AuditOptions& options) {
  std::map<std::string, Tally> tallies;
  Audit audit(options, tallies);
  std::size_t journals = 0;
  for (const std::string& root : options.roots) {
    for (const std::string& path : find_journals(root)) {
      const auto segments = read_journal(path);
      if (!segments || audit.enough()) continue;
      ++journals;
      audit.journal(path, *segments);
    }
  }
  if (journals == 0) {
    fmt::print(stderr, "headroom-lab: no journal in what was given\n");
    return 2;
  }
  for (const std::string& line : audit.wrong()) fmt::print("WRONG {}\n", line);
  const std::string all = fmt::format("{}\n{} leases and {} refusals in {} journals, {} faults.\n", table(tallies), audit.leases(),
                                      audit.refusals(), journals, audit.wrong().size());
  fmt::print("{}", all);
  if (!options.markdown.empty()) std::ofstream(options.markdown, std::ios::app) << all;
  return audit.enough() && audit.wrong().empty() ? 0 : 1;
}

}  // namespace headroom::lab
