#include "agent/accounting.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "agent/kernel_sink.hpp"
#include "agent/names.hpp"
#include "engine/describe.hpp"
#include "metrics/export/export.hpp"
#include "workloads/names.hpp"

namespace headroom {
namespace {

/// One of an administrator's: a container's scope and a pod's slice are units too, and kubelet's and the runtime's business.
bool is_plain_unit(const Group& group) {
  const GroupKind kind = group.identity.kind;
  return (kind == GroupKind::slice || kind == GroupKind::scope || kind == GroupKind::other) && !unit_of(group.path).empty();
}

const std::string kEveryUnit = "*";   // no path

constexpr std::size_t kEvents = 50;
constexpr seconds kOneSpeech{2};   // writes to one group within it count once
constexpr seconds kSweep{10};
constexpr seconds kSetUp{1};       // in which whoever made a group gives it its limits: nothing is out in it yet

std::string path_of(const Catalog& catalog, Slot slot) {
  const Group* g = catalog.find(slot);
  return g == nullptr ? "a group that is gone" : "/" + g->path;
}

bool is_revocation(Because why) {
  switch (why) {
    case Because::revoke_harm:
    case Because::revoke_overload:
    case Because::revoke_late:
    case Because::revoke_blind:
    case Because::end_foreign: return true;
    case Because::none: case Because::lend_predicted: case Because::lend_start: case Because::lend_continues:
    case Because::kernel_burst: case Because::weight_lowered: case Because::weight_back: case Because::end_idle:
    case Because::end_expired: case Because::end_off: case Because::shrink_share: case Because::refuse_class:
    case Because::refuse_unlimited: case Because::refuse_uncertain: case Because::refuse_hands_off:
    case Because::refuse_no_credit: case Because::refuse_no_lendable: case Because::refuse_load:
    case Because::refuse_idle: case Because::refuse_budget: case Because::refuse_no_guard:
    case Because::refuse_unread: case Because::refuse_ceiling: case Because::law_raise: case Because::law_lower:
    case Because::law_hold: case Because::law_burst: case Because::put_right: return false;
  }
  return false;
}

const char* name_of(FileEvent::File file) {
  switch (file) {
    case FileEvent::File::bandwidth:
    case FileEvent::File::period: return "bandwidth";
    case FileEvent::File::burst: return "burst";
    case FileEvent::File::shares: return "shares";
  }
  return "bandwidth";
}

const char* what_of(FileEvent::What what) {
  switch (what) {
    case FileEvent::What::changed: return "wrote";
    case FileEvent::What::refused: return "tried in vain to write";
    case FileEvent::What::overtaken: return "wrote, and ours overtook it,";
  }
  return "wrote";
}

std::string sentence(const Error& fault) { return fmt::format("{}: {} ({})", fault.where, fault.detail, word(fault.code)); }

/// ": A; B and 998 more", or nothing: it has been said before.
std::string reasons(const std::vector<Error>& faults) {
  constexpr std::size_t kNamed = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(kNamed, faults.size()); ++i) out += (i == 0 ? ": " : "; ") + sentence(faults[i]);
  return faults.size() > kNamed ? out + fmt::format(" and {} more", faults.size() - kNamed) : out;
}

}  // namespace

const char* looks_like(const Group& group, const FileEvent& event) {
  const GroupKind kind = group.identity.kind;
  if (kind == GroupKind::pod || kind == GroupKind::qos) return "kubelet";
  // The kubelet asks the runtime to resize a container: runc writes its quota, period and shares (KERNEL 19), never burst.
  if (kind == GroupKind::container && event.file != FileEvent::File::burst)
    return group.identity.pod_uid.empty() ? "runtime" : "kubelet";
  return "unknown";
}

void Accounting::event(LogLevel level, std::string_view kind, const std::string& text, const LogFields& fields) {
  log_.say(level, kind, text, fields);
  std::string line = fmt::format("{}: {}", kind, text);
  for (const auto& [name, value] : fields) line += fmt::format(" {}={}", name, value);
  events_.push_back(std::move(line));
  if (events_.size() > kEvents) events_.pop_front();
}

/// Groups that come and go leave an entry each.
void Accounting::forget_old(TimePoint now) {
  if (now - swept_ < kSweep) return;
  swept_ = now;
  std::erase_if(told_, [&](const auto& t) { return now - t.second > kOneSpeech; });
}

void Accounting::foreign(const FileEvent& e, const std::string& path, const char* writer) {
  ++foreign_[fmt::format("{} {}", name_of(e.file), writer)];
  const bool of_all = e.reload && e.what == FileEvent::What::changed;   // systemd writes to every unit that it has
  TimePoint& told = told_[of_all ? kEveryUnit : path];
  if (e.what == FileEvent::What::changed && told != TimePoint{} && e.at - told < kOneSpeech) return;
  told = e.at;
  if (of_all) return event(LogLevel::info, "foreign", "systemd reloads and puts its units' own values back: leases on them end");
  const bool overtaken = e.what == FileEvent::What::overtaken;   // a kind of its own: the others must not crowd it out
  event(overtaken ? LogLevel::warn : LogLevel::info, overtaken ? "overtaken" : "foreign",
        fmt::format("somebody else {} {}: our leases there end", what_of(e.what), name_of(e.file)),
        {{"group", "/" + path}, {"looks_like", writer}});
}

void Accounting::noticed(const Sample& sample, const Catalog& catalog) {
  for (const FileEvent& e : sample.events) {
    const Group* g = catalog.find(e.slot);
    if (g == nullptr) continue;
    if (!e.reload && g->first_seen != TimePoint{} && e.at - g->first_seen < kSetUp) {
      ++foreign_[fmt::format("{} {}", name_of(e.file), looks_like(*g, e))];
      continue;
    }
    const bool plain = !e.reload || e.what != FileEvent::What::changed;   // else it is known who, and that it is done
    if (plain && is_plain_unit(*g)) unit_events_.push_back(e);
    else foreign(e, g->path, e.reload ? "systemd" : looks_like(*g, e));
  }
  forget_old(sample.at);
  const bool blinds = sample.failed && blind_ == 0;   // then one message says what happened and what of
  for (const Error& fault : sample.faults)
    if (!blinds) event(LogLevel::warn, "fault", sentence(fault));
  follow_blindness(sample);
}

/// Its begin and its end; between them nothing new is lent, and after three ticks nothing stays lent.
void Accounting::follow_blindness(const Sample& sample) {
  if (sample.failed && blind_++ == 0) event(LogLevel::warn, "blind", "an observation failed as a whole" + reasons(sample.faults));
  const bool looked = !sample.failed && sample.node && sample.node->usage;   // else the tick proves nothing
  if (!looked || blind_ == 0) return;
  event(LogLevel::info, "blind", fmt::format("observing again after {} failed observations", std::exchange(blind_, 0)));
}

void Accounting::failed_write(const Outcome& o, const Catalog& catalog) {
  if (!o.error || o.error->code == Errc::gone || failed_with_its_unit(*o.error) || !failed_.news(*o.error, o.at)) return;
  event(LogLevel::warn, "write", fmt::format("not made: {}: {}", o.error->where, o.error->detail),
        {{"group", path_of(catalog, o.slot)}});
}

void Accounting::ticked(const TickResult& result, const Engine& engine, nanoseconds duration, nanoseconds lateness) {
  now_ = result.snapshot.at;
  ++ticks_;
  count_tick(duration_, duration_sum_, duration);
  count_tick(lateness_, lateness_sum_, lateness);
  for (const Outcome& o : engine.outcomes) failed_write(o, result.snapshot.catalog);
  follow_leases(result, engine);
}

void Accounting::follow_leases(const TickResult& result, const Engine& engine) {
  const Catalog& catalog = result.snapshot.catalog;
  for (const Slot slot : engine.plans.active) {
    if (!has_lease(engine.plans, slot)) continue;
    const Standing& s = engine.plans.standing[slot];
    const auto [found, begun] = leases_.try_emplace(s.group_id);
    found->second.seen = ticks_;
    found->second.cores = s.lent_cores;
    if (!begun) continue;
    found->second.kind = s.kind;
    found->second.path = path_of(catalog, slot);
    log_.debug("lease", fmt::format("begins: {:.2f} cores in all", static_cast<double>(s.lent_cores.value) / 1000),
               {{"group", found->second.path}, {"policy", std::string(engine.policy->name())}, {"because", word(s.why.because)}});
  }
  for (auto it = leases_.begin(); it != leases_.end();) {
    if (it->second.seen == ticks_) {
      ++it;
      continue;
    }
    const auto at = std::find_if(engine.plans.standing.begin(), engine.plans.standing.end(),
                                 [&](const Standing& s) { return s.group_id == it->first; });
    lease_ended(it->second, at == engine.plans.standing.end() ? Reason{} : at->why, *engine.policy, catalog);
    it = leases_.erase(it);
  }
}

void Accounting::lease_ended(const Out& out, const Reason& why, const Policy& policy, const Catalog& catalog) {
  LogFields fields{{"group", out.path}, {"policy", std::string(policy.name())}, {"because", word(why.because)}};
  if (why.neighbour != kNoSlot) fields.emplace_back("neighbour", path_of(catalog, why.neighbour));
  const auto text = fmt::format("{:.2f} cores taken back", static_cast<double>(out.cores.value) / 1000);
  if (!is_revocation(why.because) && why.neighbour != kNoSlot) return event(LogLevel::info, "returned", text, fields);
  if (!is_revocation(why.because)) {
    log_.debug("lease", "ends", fields);
    return;
  }
  ++revoked_[word(why.because)];
  event(LogLevel::info, "revoked", text, fields);
}

void Accounting::fill(Report& report) const {
  report.foreign_writes.assign(foreign_.begin(), foreign_.end());
  report.revoked.assign(revoked_.begin(), revoked_.end());
  report.ticks = ticks_;
  report.reads = reads_;
  report.tick_duration = duration_;
  report.tick_lateness = lateness_;
  report.tick_duration_sum = duration_sum_;
  report.tick_lateness_sum = lateness_sum_;
  report.events.assign(events_.begin(), events_.end());
}

}  // namespace headroom
