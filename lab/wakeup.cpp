// Protected neighbours that wake together while leases are out: how soon what was lent is back, and what it cost them.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "cgroups/types/text.hpp"
#include "lab/experiment.hpp"
#include "lab/write_watch.hpp"

namespace headroom::lab {
namespace {

constexpr std::int64_t kSettle = 1'000'000'000;      // how long after a wake its leases are looked at
constexpr std::int64_t kQuiet = 100'000'000;         // a hidden lease without a rewrite for so long has ended
constexpr std::int64_t kOneTick = 10'000'000;        // leases of one tick are equally new
constexpr double kBackMs = 200;

struct Wake {
  std::int64_t at = 0;
  std::size_t out = 0;                     ///< groups with a lease at that moment
  std::optional<double> back_ms;           ///< nullopt: not back within kSettle
  std::size_t given_back = 0;              ///< containers whose raised quota was lowered
  std::size_t named = 0;                   ///< of these, named by an event of the daemon's
  bool in_order = true;                    ///< the first lowerings came largest and newest first
};

/// Quota of each watched group over time, when its burst was rewritten, and what the daemon told of each wake.
struct History {
  std::map<std::string, std::optional<microseconds>> base;            ///< planned quota by full path
  std::map<std::string, std::string> containers;                      ///< full path -> as the daemon names it
  std::vector<SeenWrite> writes;
  std::map<std::int64_t, std::vector<std::string>> told;              ///< by the wake's time
};

std::optional<microseconds> quota_in(const SeenWrite& write) {
  if (write.file == "cpu.max") {
    const auto parsed = parse_cpu_max(write.value, write.file);
    return parsed ? parsed->quota : std::nullopt;
  }
  const auto parsed = parse_quota(write.value, write.file);
  return parsed ? *parsed : std::nullopt;
}

bool is_quota(const SeenWrite& write) { return write.file == "cpu.cfs_quota_us" || write.file == "cpu.max"; }
bool is_burst(const SeenWrite& write) { return write.file.find("burst") != std::string::npos; }

/// When the last raised quota was back at its base, and how many were raised at the wake.
void file_leases(const History& history, Wake& wake, std::int64_t& last) {
  std::map<std::string, bool> raised;
  for (const auto& write : history.writes) {
    if (!is_quota(write) || write.at > wake.at + kSettle) continue;
    const auto base = history.base.find(write.group);
    if (base == history.base.end()) continue;
    if (write.at > wake.at && raised.size() > wake.out) wake.out = raised.size();
    if (quota_in(write) != base->second) {
      if (write.at <= wake.at) raised[write.group] = true;
      continue;
    }
    if (raised.erase(write.group) > 0 && write.at > wake.at) last = std::max(last, write.at);
    if (write.at > wake.at && raised.empty()) break;
  }
  wake.out = std::max(wake.out, raised.size());
  if (!raised.empty()) last = INT64_MAX;
}

/// A hidden lease is out while its burst is rewritten; it is back with the last rewrite before a quiet stretch.
void hidden_leases(const History& history, Wake& wake, std::int64_t& last) {
  std::map<std::string, std::int64_t> latest;
  for (const auto& write : history.writes) {
    if (!is_burst(write) || write.value != "0" || write.at > wake.at + kSettle) continue;
    auto& at = latest[write.group];
    if (write.at <= wake.at || write.at - at < kQuiet) at = write.at;
  }
  for (const auto& [group, at] : latest) {
    if (at < wake.at - kQuiet) continue;
    ++wake.out;
    last = std::max(last, at);
  }
}

/// A container's lease by file as the writes show it.
struct Raised {
  microseconds quota{0};
  std::int64_t since = 0;
};

/// Whose quota was lowered first after the wake, as it stood just before.
std::vector<std::pair<std::string, Raised>> lowered(const History& history, std::int64_t wake) {
  std::map<std::string, Raised> out;
  std::vector<std::pair<std::string, Raised>> order;
  for (const auto& write : history.writes) {
    if (!is_quota(write) || write.at > wake + kSettle || history.containers.count(write.group) == 0) continue;
    const auto quota = quota_in(write), base = history.base.at(write.group);
    if (!quota || !base) continue;
    const auto was = out.find(write.group);
    if (was != out.end() && write.at > wake && *quota < was->second.quota) {
      const auto known = [&](const auto& one) { return one.first == write.group; };
      if (std::none_of(order.begin(), order.end(), known)) order.emplace_back(*was);
    }
    if (*quota <= *base) out.erase(write.group);
    else if (was == out.end()) out[write.group] = {*quota, write.at};
    else was->second.quota = *quota;
  }
  return order;
}

void order_and_names(const History& history, Wake& wake) {
  const auto order = lowered(history, wake.at);
  wake.given_back = order.size();
  const auto wrong = [](const auto& first, const auto& then) {
    const Raised &a = first.second, &b = then.second;
    return b.quota > a.quota || (b.quota == a.quota && b.since > a.since + kOneTick);
  };
  wake.in_order = std::adjacent_find(order.begin(), order.end(), wrong) == order.end();
  const auto told = history.told.find(wake.at);
  if (told == history.told.end()) return;
  for (const auto& one : order) {
    const std::string& borrower = history.containers.at(one.first);
    const auto names = [&](const std::string& event) {
      return event.find(borrower) != std::string::npos && event.find("neighbour=") != std::string::npos;
    };
    if (std::any_of(told->second.begin(), told->second.end(), names)) ++wake.named;
  }
}

Wake judge_wake(const History& history, std::int64_t at) {
  Wake out;
  out.at = at;
  std::int64_t last = at;
  file_leases(history, out, last);
  hidden_leases(history, out, last);
  if (last != INT64_MAX) out.back_ms = static_cast<double>(last - at) / 1e6;
  order_and_names(history, out);
  return out;
}

History planned(Rig& rig) {
  History out;
  for (const auto& group : rig.plan()) {
    const bool level = group.level == Level::pod || group.level == Level::container;
    if (!level || rig.scenario().pods[group.pod].pod_class != PodClass::step) continue;
    out.base[rig.tree().full(group.path)] = group.quota;
    if (group.level == Level::container) out.containers[rig.tree().full(group.path)] = "group=/" + group.path + " ";
  }
  return out;
}

/// Wakes of the request load within [from, to): a cycle is idle first, then active.
std::vector<std::int64_t> wakes(Rig& rig, std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> out;
  for (const auto& m : rig.members()) {
    const auto& page = m.process.page();
    if (page.every_ns == 0) continue;
    const auto begin = page.begin.load();
    for (auto at = begin + page.every_ns - page.active_ns; at < to; at += page.every_ns) {
      if (at >= from && at + page.active_ns <= to) out.push_back(at);
    }
    break;
  }
  return out;
}

/// What the daemon's list of events has gained since `known`, which is brought up to date. The list is bounded.
std::vector<std::string> news(std::vector<std::string> now, std::vector<std::string>& known) {
  std::size_t gone = 0;
  const auto goes_on = [&] {
    const auto kept = known.size() - gone;
    return kept <= now.size() && std::equal(known.begin() + static_cast<std::ptrdiff_t>(gone), known.end(), now.begin());
  };
  while (gone < known.size() && !goes_on()) ++gone;
  std::vector<std::string> out(now.begin() + static_cast<std::ptrdiff_t>(known.size() - gone), now.end());
  known = std::move(now);
  return out;
}

Result<std::vector<Wake>> look(Rig& rig, const Bench& bench, const std::string& what, std::int64_t from,
                               std::int64_t to) {
  auto history = planned(rig);
  std::vector<std::string> groups;
  for (const auto& [path, quota] : history.base) groups.push_back(path);
  auto watch = WriteWatch::start(bench.where, groups);
  if (!watch) return tl::unexpected(watch.error());
  const auto all = wakes(rig, from, to);
  auto known = rig.daemon()->events();
  for (const auto at : all) {
    if (auto ok = rig.wait_until(at, what); !ok) return tl::unexpected(ok.error());
    (void)news(rig.daemon()->events(), known);
    if (auto ok = rig.wait_until(at + kSettle, what); !ok) return tl::unexpected(ok.error());
    history.told[at] = news(rig.daemon()->events(), known);
  }
  if (auto ok = rig.wait_until(to, what); !ok) return tl::unexpected(ok.error());
  history.writes = (*watch)->seen();
  std::vector<Wake> out;
  for (const auto at : all) out.push_back(judge_wake(history, at));
  return out;
}

void report(const std::string& arm, const std::vector<Wake>& all, Outcomes& out) {
  Series series{"lent is back after a wake, " + arm, "ms", {}};
  double worst = 0, number = 0;
  std::size_t with_leases = 0, late = 0, disordered = 0, given_back = 0, nameless = 0;
  for (const auto& wake : all) {
    const auto ms = wake.back_ms.value_or(static_cast<double>(kSettle) / 1e6);
    series.points.emplace_back(++number, ms);
    if (wake.out == 0) continue;
    ++with_leases;
    worst = std::max(worst, ms);
    if (ms > kBackMs) ++late;
    if (!wake.in_order) ++disordered;
    given_back += wake.given_back;
    nameless += wake.given_back - wake.named;
  }
  const auto says = with_leases < 30 ? Verdict::Says::not_judged : late == 0 ? Verdict::Says::pass : Verdict::Says::miss;
  out.findings.push_back({"wakes with leases out", "", arm, static_cast<double>(with_leases), {}, {}});
  out.findings.push_back({"slowest return of what was lent", "ms", arm, worst, kBackMs, says});
  const auto none = [&](std::size_t bad) { return with_leases < 30 ? Verdict::Says::not_judged : bad == 0 ? Verdict::Says::pass : Verdict::Says::miss; };
  out.findings.push_back({"wakes after which a smaller or older lease was lowered first", "", arm, static_cast<double>(disordered), 0.0, none(disordered)});
  out.findings.push_back({"leases by file lowered after a wake", "", arm, static_cast<double>(given_back), {}, {}});
  out.findings.push_back({"of them without an event that names borrower and neighbour", "", arm, static_cast<double>(nameless), 0.0, none(nameless)});
  out.series.push_back(std::move(series));
}

}  // namespace

Result<Outcomes> run_wakeup(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  std::map<std::string, std::vector<Wake>> seen;
  std::vector<std::string> named;
  const auto look_on = [&](Rig& rig, const Arm& arm, int rotation, std::int64_t from, std::int64_t to) -> Result<> {
    if (arm.kind != ArmKind::daemon) return {};
    auto got = look(rig, bench, fmt::format("rotation {} {}", rotation % 1000 + 1, arm.name), from, to);
    if (!got) return tl::unexpected(got.error());
    seen[arm.name].insert(seen[arm.name].end(), got->begin(), got->end());
    if (const auto body = rig.daemon()->metrics()) {
      named.push_back(fmt::format("{}, rotation {}: leases revoked by the daemon's own count: {:.0f}", arm.name,
                                  rotation % 1000 + 1, metric_sum(*body, "headroom_leases_revoked_total", "")));
    }
    return {};
  };
  auto out = run_rotations(bench, scenario, options, "", look_on);
  if (!out) return out;
  for (const auto& [arm, all] : seen) report(arm, all, *out);
  out->notes.insert(out->notes.end(), named.begin(), named.end());
  return out;
}

}  // namespace headroom::lab
