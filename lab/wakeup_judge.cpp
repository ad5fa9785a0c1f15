// Protected neighbours that wake together while leases are out: how soon what was lent is back, and what it cost them.
#include "lab/wakeup.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cgroups/types/text.hpp"

namespace headroom::lab {
namespace {

constexpr std::int64_t kSettle = kWakeSettles.count();
constexpr std::int64_t kQuiet = 100'000'000;         // a hidden lease without a rewrite for so long has ended
constexpr std::int64_t kOneTick = 10'000'000;        // leases of one tick are equally new
constexpr double kBackMs = 200;
constexpr std::size_t kLeastWakes = 30;

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

}  // namespace

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

History planned_history(const std::vector<PlannedGroup>& plan, const Scenario& scenario,
                        const std::function<std::string(const std::string&)>& full) {
  History out;
  for (const auto& group : plan) {
    if (!is_step(scenario, group)) continue;
    out.base[full(group.path)] = group.quota;
    if (group.level == Level::container) out.containers[full(group.path)] = "group=/" + group.path + " ";
  }
  return out;
}

std::vector<std::int64_t> wakes_of(std::int64_t begin, std::int64_t every, std::int64_t active, std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> out;
  for (auto at = begin + every - active; at < to; at += every) {
    if (at >= from && at + active <= to) out.push_back(at);
  }
  return out;
}

void report_wakes(const Arm& arm, const std::vector<Wake>& all, Judging judging, Outcomes& out) {
  Series series{"lent is back after a wake, " + arm.name, "ms", {}};
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
  if (with_leases >= kLeastWakes) out.values[{arm.name, "back_worst_ms"}] = worst;
  const auto print = [&](const char* name, const char* unit, double value) {
    out.findings.push_back({name, unit, arm.name, value, {}, Verdict::Says::not_judged});
  };
  const auto none = [&](const char* name, std::size_t bad) {
    Finding finding{name, "", arm.name, static_cast<double>(bad), {}, Verdict::Says::not_judged};
    if (is_ours(arm)) finding.at_most = 0;
    if (is_ours(arm) && judging == Judging::on)
      finding.says = bad == 0 && with_leases >= kLeastWakes ? Verdict::Says::pass : Verdict::Says::miss;
    out.findings.push_back(std::move(finding));
  };
  print("wakes with leases out", "", static_cast<double>(with_leases));
  print("slowest return of what was lent", "ms", worst);
  print("wakes after which it was not back within 200 ms", "", static_cast<double>(late));
  none("wakes after which a smaller or older lease was lowered first", disordered);
  print("leases by file lowered after a wake", "", static_cast<double>(given_back));
  none("of them without an event that names borrower and neighbour", nameless);
  out.series.push_back(std::move(series));
}

}  // namespace headroom::lab
