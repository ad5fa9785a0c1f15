#include "lab/replay.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/describe.hpp"

namespace headroom::lab {
namespace {

namespace fs = std::filesystem;

bool is_segment(const fs::path& file) { return file.extension() == ".hrj"; }

std::vector<fs::path> segments_in(const fs::path& dir) {
  std::vector<fs::path> out;
  std::error_code none;
  for (fs::directory_iterator it(dir, none), end; it != end; it.increment(none))
    if (is_segment(it->path())) out.push_back(it->path());
  std::sort(out.begin(), out.end());   // their numbers have leading zeros
  return out;
}

std::string text_of(const std::optional<microseconds>& quota) { return quota ? fmt::format("{}", quota->count()) : "unlimited"; }

std::string text_of(const Write& w) {
  if (const auto* from = std::get_if<Shares>(&w.from))
    return fmt::format("weight {} -> {}", from->value, std::get<Shares>(w.to).value);
  const auto &from = std::get<Bandwidth>(w.from), &to = std::get<Bandwidth>(w.to);
  return fmt::format("quota {} -> {} us of {} us, burst {} -> {} us", text_of(from.quota), text_of(to.quota), to.period.count(),
                     from.burst.count(), to.burst.count());
}

std::vector<std::string_view> views(const std::vector<std::string>& segments) { return {segments.begin(), segments.end()}; }

int complain(const Error& error) {
  fmt::print(stderr, "headroom-lab: {}: {}\n", error.where, error.detail);
  return 2;
}

void show_plan(const Replay::Tick& tick) {
  const Catalog& names = tick.snapshot.catalog;
  fmt::print("tick {}, {} readings, {} events, {} outcomes\nrecorded plan:\n{}replayed plan:\n{}{}\n", tick.number,
             tick.recorded.sample.readings.size(), tick.recorded.sample.events.size(), tick.recorded.sample.outcomes.size(),
             plan_text(tick.recorded.plan, names, tick.snapshot.at), plan_text(tick.plan, names, tick.snapshot.at),
             tick.agrees ? "they agree" : "they DIFFER");
}

int show_explanation(const ReplayOptions& options, const Replay& replay, const Replay::Tick& tick) {
  const Catalog& names = tick.snapshot.catalog;
  const Slot slot = find_slot(names, options.group);
  if (slot == kNoSlot) return complain({Errc::absent, options.group, "no such group at that tick"});
  const Engine& engine = *replay.engine();
  const Explanation e = explain_fully(tick.snapshot, *engine.policy, engine.plans, engine.rails, tick.number, slot);
  fmt::print("{}", options.json ? explain_json(e, names) + "\n" : explain_text(e, names));
  return tick.agrees ? 0 : 1;
}

/// Refills that the plans hold, and those of them on a group that has no hidden lease after its tick.
struct Refills {
  std::size_t all = 0, stray = 0;
  void count(const Replay::Tick& tick, const PlanState& plans) {
    for (const Refill& r : tick.plan.refills) {
      ++all;
      stray += !has_lease(plans, r.slot) || plans.standing[r.slot].actuator != Actuator::hidden;
    }
  }
};

int report(const Replay& replay, const Refills& refills, const std::string& journal) {
  const ReplayCount& n = replay.count();
  fmt::print("{}: {} ticks replayed, {} plans agree to the byte; {} checkpoints, {} of {} states reached agree{}\n", journal,
             n.ticks, n.agreeing, n.checkpoints, n.states_agreeing, n.states, n.torn ? "; its last frame is torn" : "");
  if (n.first_disagreement != 0) fmt::print("the first plan that differs is that of tick {}\n", n.first_disagreement);
  fmt::print("{} refills, {} of them without a hidden lease of their group\n", refills.all, refills.stray);
  return n.ticks == n.agreeing && n.states == n.states_agreeing && refills.stray == 0 ? 0 : 1;
}

double s(nanoseconds t) { return static_cast<double>(t.count()) / 1e9; }

std::string would_have_text(const std::string& policy, const WouldHave& w, const Refills& recorded, std::size_t settings) {
  const double part = w.throttled.count() > 0 ? 100 * s(w.avoided) / s(w.throttled) : 0;
  std::string out = fmt::format("what {} would have done in {} ticks\n", policy, w.ticks);
  const auto line = [&](std::string_view name, const std::string& value, const std::string& words) {
    out += fmt::format("  {:<26}{:>10}  {}\n", name, value, words);
  };
  line("throttled, as recorded", fmt::format("{:.3f} s", s(w.throttled)), "of CPUs, as the kernel counts");
  line("avoided, at most", fmt::format("{:.3f} s", s(w.avoided)), fmt::format("{:.0f} %: what fell into time in which it had raised the limit", part));
  line("from neighbours, at most", fmt::format("{:.3f} s", s(w.from_neighbours)), "of CPU that was not idle while the raised stood still");
  line("limits raised", fmt::format("{}", w.raised), fmt::format("times, for {:.1f} s, summed over containers", s(w.raised_for)));
  line("settings writes", fmt::format("{}", w.settings), fmt::format("the policy in force: {}", settings));
  line("refills", fmt::format("{}", w.refills), fmt::format("the policy in force: {}", recorded.all));
  return out + "open loop: use and throttling are as they were recorded, under the policy that was in force\n";
}

std::string would_have_json(const std::string& policy, const WouldHave& w) {
  return fmt::format(
      "{{\"policy\":\"{}\",\"ticks\":{},\"settings_writes\":{},\"refills\":{},\"raised\":{},\"raised_ns\":{},\"throttled_ns\":{},"
      "\"avoided_at_most_ns\":{},\"from_neighbours_at_most_ns\":{}}}\n",
      policy, w.ticks, w.settings, w.refills, w.raised, w.raised_for.count(), w.throttled.count(), w.avoided.count(),
      w.from_neighbours.count());
}

int compare_policies(const ReplayOptions& options, std::vector<std::string_view> segments) {
  auto other = Counterfactual::of(options.policy);
  if (!other) return complain({Errc::malformed, "--policy", other.error().detail});
  Replay replay(std::move(segments));
  std::uint64_t begun = 0;
  Refills refills;
  std::size_t settings = 0;
  while (const Replay::Tick* tick = replay.next()) {
    if (begun != replay.count().begun) {
      begun = replay.count().begun;
      if (auto ok = other->begin(replay.begun_at()); !ok) return complain(ok.error());
    }
    other->tick(*tick);
    refills.count(*tick, replay.engine()->plans);
    settings += tick->recorded.plan.writes.size();
  }
  if (replay.error()) return complain(*replay.error());
  const auto& sums = other->sums();
  fmt::print("{}", options.json ? would_have_json(options.policy, sums) : would_have_text(options.policy, sums, refills, settings));
  return 0;
}

}  // namespace

Result<std::vector<std::string>> read_journal(const std::string& path) {
  std::vector<fs::path> files = segments_in(path);
  if (files.empty()) files = segments_in(fs::path(path) / "journal");
  std::error_code none;
  if (files.empty() && fs::is_regular_file(path, none)) files = {path};
  if (files.empty()) return fail(Errc::absent, path, "no journal there: want a recorded file or a daemon's state directory");
  std::vector<std::string> out;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(Errc::io, file, "cannot be read");
    out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return out;
}

std::vector<std::string> find_journals(const std::string& root) {
  std::error_code none;
  if (fs::is_regular_file(root, none)) return {root};
  std::vector<std::string> out;
  if (!segments_in(root).empty()) out.push_back(root);
  for (fs::recursive_directory_iterator it(root, none), end; it != end; it.increment(none))
    if (it->is_directory(none) && !segments_in(it->path()).empty()) out.push_back(it->path());
  std::sort(out.begin(), out.end());
  return out;
}

Slot find_slot(const Catalog& catalog, const std::string& name) {
  const std::string bare = name.starts_with('/') ? name.substr(1) : name;
  for (Slot s = 0; s < catalog.groups.size(); ++s) {
    const Group* g = catalog.find(s);
    if (g != nullptr && (g->path == bare || label_of(*g) == name)) return s;
  }
  return kNoSlot;
}

std::string plan_text(const Plan& plan, const Catalog& names, TimePoint at) {
  const auto path = [&](Slot slot) { return names.find(slot) ? "/" + names.find(slot)->path : "a group that is gone"; };
  std::string out;
  for (const Write& w : plan.writes)
    out += fmt::format("  {}: {}: {}\n", path(w.slot), text_of(w), describe(w.why, names, at));
  for (const Refill& r : plan.refills) out += fmt::format("  {}: refill: {}\n", path(r.slot), describe(r.why, names, at));
  return out.empty() ? "  nothing to write\n" : out;
}

int run_replay(const ReplayOptions& options) {
  auto segments = read_journal(options.journal);
  if (!segments) return complain(segments.error());
  if (options.flip != 0) {
    auto flipped = flip_counter(*segments, options.flip);
    if (!flipped) return complain(flipped.error());
    fmt::print("changed: {}\n", flipped->what);
    if (const auto where = first_other_state(*segments, *flipped)) fmt::print("the first state that differs is that of {}\n", *where);
    segments = std::move(flipped->segments);
  }
  if (!options.policy.empty()) return compare_policies(options, views(*segments));
  std::uint64_t wanted = options.at;
  if (wanted == 0) {
    Replay whole(views(*segments));
    Refills refills;
    while (const Replay::Tick* tick = whole.next()) {
      wanted = tick->number;
      refills.count(*tick, whole.engine()->plans);
    }
    if (whole.error()) return complain(*whole.error());
    if (options.group.empty()) return report(whole, refills, options.journal);
  }
  Replay replay(views(*segments));
  const Replay::Tick* tick = replay.next();
  while (tick != nullptr && tick->number != wanted) tick = replay.next();
  if (replay.error()) return complain(*replay.error());
  if (tick == nullptr) return complain({Errc::absent, options.journal, fmt::format("no tick {} in it", wanted)});
  if (!options.group.empty()) return show_explanation(options, replay, *tick);
  show_plan(*tick);
  return tick->agrees ? 0 : 1;
}

}  // namespace headroom::lab
