// Koordinator's golden vectors, all of them, against the law, our parsers and conversions. What describes the kernel alone
// is named here and left to the live contract suite (tests/live).
#include "tests/policies/vectors.hpp"

#include <functional>
#include <map>
#include <set>

#include "cgroups/types/text.hpp"
#include "cgroups/types/weights.hpp"
#include "policies/koordinator_law.hpp"
#include "policies/peer.hpp"

namespace headroom::testing {
namespace {

using namespace koordlet;
using Milli = std::optional<std::int64_t>;

const std::set<std::string> kLeftToTheLiveSuite{"K59", "K60", "K61", "K62"};

Milli milli_of(const json& v) { return v.is_null() ? Milli{} : Milli{v.get<std::int64_t>()}; }
json or_null(const Milli& v) { return v ? json(*v) : json(); }

QosClass qos_of(const std::string& name) {
  static const std::map<std::string, QosClass> kNames{{"LSE", QosClass::lse}, {"LSR", QosClass::lsr}, {"LS", QosClass::ls}, {"BE", QosClass::be}};
  return kNames.at(name);
}

const std::map<std::string, Operation> kOperations{
    {"Up", Operation::up}, {"Remain", Operation::remain}, {"Down", Operation::down}, {"Reset", Operation::reset}};
const std::map<std::string, PoolState> kStates{
    {"Idle", PoolState::idle}, {"Cooling", PoolState::cooling}, {"Overload", PoolState::overload}, {"Unknown", PoolState::unknown}};

template <class T>
std::string word(const std::map<std::string, T>& names, T value) {
  for (const auto& [name, v] : names)
    if (v == value) return name;
  return "?";
}

json node_state(const json& in) {
  const auto used = in["used"].is_null() ? std::nullopt : std::optional{in["used"].get<double>()};
  auto pool = pool_of(in["cpu_info"].get<bool>() ? in["cpus"].get<int>() : 0, used);
  for (const auto& pod : in["pods"])
    if (pool) headroom::koordlet::leave(*pool, qos_of(pod["qos"]), pod["request_milli"], pod["usage"].is_null() ? std::nullopt : std::optional{pod["usage"].get<double>()});
  json out{{"state", word(kStates, state_of(pool, in["threshold_percent"]))}};
  if (pool) out.update({{"total", pool->total}, {"used", pool->used}, {"ratio", ratio_of(*pool)}});
  return out;
}

json override_of(const json& in) {
  json out{{"operations", json::array()}};
  for (const std::string op : in["operations"]) out["operations"].push_back(word(kOperations, overridden(kOperations.at(op), kStates.at(in["state"]))));
  return out;
}

json limiter_calls(const json& in) {
  Limiter l = new_limiter(in["period_s"], in["percent"], 0);
  l.tokens = in["tokens"];
  json out{{"capacity", l.capacity}, {"tokens", json::array()}, {"allow", json::array()}};
  for (const auto& call : in["calls"]) {
    out["allow"].push_back(allow(l, call[0], nanoseconds{std::llround(call[1].get<double>() * 1e9)}));
    out["tokens"].push_back(l.tokens);
  }
  return out;
}

/// With every draw between the ends of what it may begin with.
json limiter_config(const json& in) {
  const json &old = in["old"], &now = in["new"];
  json out{{"old_capacity", capacity_of(old["period_s"], old["percent"])}, {"new_capacity", capacity_of(now["period_s"], now["percent"])}};
  std::int64_t least = INT64_MAX, most = INT64_MIN;
  for (std::uint64_t draw = 0; draw < 40'000; ++draw) {
    Limiter l = new_limiter(old["period_s"], old["percent"], 0);
    l.tokens = -7;
    configure(l, now["period_s"], now["percent"], draw);
    least = std::min(least, l.tokens), most = std::max(most, l.tokens);
    out["expiry_s"] = l.expiry.count();
  }
  out.update({{"reinit", most != -7}, {"tokens_at_least", least}, {"tokens_below", most + 1}});
  return out;
}

json limiter_expire(const json& in) {
  return {{"recycled", expired(new_limiter(in["period_s"], 300, 0), seconds{in["idle_s"].get<int>()})}};
}

json decided(const json& in, bool allowed) {
  const std::int64_t base = *base_quota(in["limit_milli"].get<std::int64_t>());
  const Operation op = overridden(operation_of(burst_policy(in["policy"].get<std::string>()), allowed, in["throttled_ratio"].get<double>()), kStates.at(in["node_state"]));
  return {{"operation", word(kOperations, op)}, {"quota", next_quota(op, in["quota"], base, ceiling(base, in["cfs_quota_percent"]))}};
}

json limiter_then_decide(const json& in) {
  Limiter l = new_limiter(in["period_s"], in["cfs_quota_percent"], 99);
  const bool allowed = allow(l, in["usage_percent"], seconds{1});
  json out = decided(in, allowed);
  out.update({{"capacity", l.capacity}, {"allow", allowed}});
  return out;
}

json sequence(const json& in) {
  const std::int64_t base = *base_quota(in["limit_milli"].get<std::int64_t>()), most = ceiling(base, in["cfs_quota_percent"]);
  json out{{"quotas", json::array()}};
  std::int64_t now = in["quota"];
  for (int i = 0; i < 8; ++i) out["quotas"].push_back(now = next_quota(kOperations.at(in["operation"]), now, base, most));
  return out;
}

json throttle(const json& in) {
  const auto at = [&](const char* what, std::size_t i) { return in[what][i].get<std::uint64_t>(); };
  const double share = throttled_share({at("periods", 1) - at("periods", 0), at("throttled", 1) - at("throttled", 0), nanoseconds{0}});
  return {{"ratio", share}, {"operation", word(kOperations, operation_of(BurstPolicy::automatic, true, share))}};
}

json burst(const json& in) {
  json out{{"containers", json::array()}, {"pod", 0}};
  for (const auto& limit : in["limits_milli"]) {
    const std::int64_t us = static_burst(burst_policy(in["policy"].get<std::string>()), milli_of(limit), in["cpu_burst_percent"]);
    out["containers"].push_back(us);
    out["pod"] = out["pod"].get<std::int64_t>() + us;
  }
  return out;
}

json burst_valid(const json& in) {
  const std::int64_t us = static_burst(BurstPolicy::automatic, milli_of(in["limit_milli"]), in["cpu_burst_percent"]);
  return {{"burst", us}, {"v1", burst_accepted(us, Hierarchy::v1)}, {"v2", burst_accepted(us, Hierarchy::v2)}};
}

/// koordlet's own mechanics, which ours are not: the pod follows its containers by differences.
json pod_cycle(const json& in) {
  std::int64_t pod = in["pod_quota"];
  json out{{"containers", json::array()}};
  for (const auto& c : in["containers"]) {
    const std::int64_t now = c["quota"];
    const auto base = base_quota(milli_of(c["limit_milli"]));
    const std::int64_t target = base ? next_quota(kOperations.at(c["operation"]), now, *base, ceiling(*base, in["cfs_quota_percent"])) : now;
    pod = pod_after(pod, now, target);
    out["containers"].push_back(target);
  }
  out["pod"] = pod;
  return out;
}

json pod_leak(const json& in) {
  const std::int64_t base = *base_quota(in["limit_milli"].get<std::int64_t>());
  std::int64_t container = base, pod = base;
  for (int i = 0; i < in["restarts"].get<int>(); ++i) {
    const std::int64_t raised = ceiling(base, in["cfs_quota_percent"]);
    pod = pod_after(pod, container, raised);
    container = base;   // another container, with the owner's limit
  }
  return {{"container", next_quota(Operation::reset, container, base, base)}, {"pod", pod}};
}

/// An equal value is not written again for so long, which koordlet takes for success.
json write_cache(const json& in) {
  const std::int64_t base = *base_quota(in["limit_milli"].get<std::int64_t>()), most = ceiling(base, in["cfs_quota_percent"]);
  std::int64_t container = base, pod = base, cached = 0;
  int written_at = 0;
  json out{{"pod_at", json::object()}, {"container_at", json::object()}};
  for (int t = 0; t <= 61; ++t) {
    const std::int64_t target = next_quota(Operation::up, container, base, most);
    pod = pod_after(pod, container, target);
    if (target != cached || t - written_at > in["force_update_s"].get<int>()) container = cached = target, written_at = t;
    if (t == 0) container = in["container_reset_after_first_write"];
    out["pod_at"][std::to_string(t)] = pod;
    out["container_at"][std::to_string(t)] = container;
  }
  return out;
}

json pod_cycle_period(const json& in) { return {{"quota", *base_quota(in["limit_milli"].get<std::int64_t>())}}; }

json read_cpu_max(const json& in) {
  const auto read = parse_cpu_max(in["text"].get<std::string>(), "cpu.max");
  return {{"quota", !read ? json() : read->quota ? json(read->quota->count()) : json(-1)}};
}

/// koordlet writes the quota alone; ours is the pair that the kernel makes of it.
json write_cpu_max(const json& in) {
  Bandwidth b = *parse_cpu_max(in["before"].get<std::string>(), "cpu.max");
  b.quota = microseconds{in["quota"].get<std::int64_t>()};
  return {{"text", format_quota(b.quota)}, {"after", format_cpu_max(b)}};
}

json unlimited(const json& in) {
  const std::string pair = format_cpu_max({});
  return {{"text", in["hierarchy"] == "v1" ? format_quota(std::nullopt) : pair.substr(0, pair.find(' '))}};
}

json to_weight(const json& in) {
  const auto weight = weight_from_shares(Shares{in["shares"].get<std::uint64_t>()});
  return {{"weight", weight ? json(weight->value) : json()}};
}
json to_shares(const json& in) { return {{"shares", shares_from_weight(Shares{in["weight"].get<std::uint64_t>()}).value}}; }

json usage_ns(const json& in) {
  const std::string text = in["text"];
  return {{"ns", (in["hierarchy"] == "v1" ? parse_usage_v1(text, "cpuacct.usage") : parse_usage_v2(text, "cpu.stat"))->count()}};
}

Patch patch_of(const json& layer) {
  Patch out;
  if (!layer.is_object()) return out;   // an annotation that is no JSON says nothing
  if (layer.contains("policy")) out.policy = burst_policy(layer["policy"].get<std::string>());
  const std::pair<const char*, Milli Patch::*> members[] = {{"cpuBurstPercent", &Patch::cpu_burst_percent}, {"cfsQuotaBurstPercent", &Patch::quota_burst_percent},
      {"cfsQuotaBurstPeriodSeconds", &Patch::quota_burst_period_s}, {"sharePoolThresholdPercent", &Patch::share_pool_percent}};
  for (const auto& [name, member] : members)
    if (layer.contains(name)) out.*member = layer[name].get<std::int64_t>();
  return out;
}

json told(const Config& c, const json& below, const json& above) {
  const std::string policy = (above.is_object() && above.contains("policy") ? above : below)["policy"];
  EXPECT_EQ(c.policy, burst_policy(policy));
  return {{"policy", policy}, {"cpuBurstPercent", c.cpu_burst_percent}, {"cfsQuotaBurstPercent", c.quota_burst_percent},
          {"cfsQuotaBurstPeriodSeconds", c.quota_burst_period_s}, {"sharePoolThresholdPercent", c.share_pool_percent},
          {"burst", static_burst(c.policy, 1000, c.cpu_burst_percent)}, {"operation", word(kOperations, operation_of(c.policy, true, 0.5))}};
}
json merge(const json& in) {
  const json annotation = json::parse(in["annotation"].get<std::string>(), nullptr, false);
  return told(merged(merged({}, patch_of(in["node"])), patch_of(annotation)), in["node"], annotation);
}
json layers(const json& in) {
  return told(merged(merged({}, patch_of(in["cluster"])), patch_of(in["node_strategy"])), in["cluster"], in["node_strategy"]);
}

const std::map<std::string, std::function<json(const json&)>> kKinds{
    {"node_state", node_state}, {"override", override_of}, {"limiter", limiter_calls}, {"limiter_config", limiter_config},
    {"limiter_expire", limiter_expire}, {"limiter_then_decide", limiter_then_decide}, {"sequence", sequence}, {"throttle", throttle},
    {"burst", burst}, {"burst_valid", burst_valid}, {"pod_cycle", pod_cycle}, {"pod_leak", pod_leak}, {"write_cache", write_cache},
    {"pod_cycle_period", pod_cycle_period}, {"read_cpu_max", read_cpu_max}, {"write_cpu_max", write_cpu_max}, {"unlimited", unlimited},
    {"shares_to_weight", to_weight}, {"weight_to_shares", to_shares}, {"usage_ns", usage_ns}, {"merge", merge}, {"layers", layers},
    {"decide", [](const json& in) { return decided(in, in["limiter_allows"]); }},
    {"usage_percent", [](const json& in) { return json{{"percent", usage_percent(in["usage_cores"], in["limit_milli"])}}; }},
    {"base", [](const json& in) { return json{{"quota", or_null(base_quota(milli_of(in["limit_milli"])))}}; }},
    {"ceiling", [](const json& in) { return json{{"quota", ceiling(in["base"], in["cfs_quota_percent"])}}; }},
};

TEST(KoordinatorVectors, EveryOneOfTheFileHolds) {
  std::set<std::string> left;
  int held = 0;
  for (const auto& vector : vectors("koordinator")) {
    const std::string name = vector["name"];
    if (kLeftToTheLiveSuite.contains(name)) {
      left.insert(name);
      EXPECT_EQ(vector["use"], "kernel") << name;
      continue;
    }
    const auto kind = kKinds.find(vector["kind"].get<std::string>());
    ASSERT_NE(kind, kKinds.end()) << name << ": nobody handles " << vector["kind"];
    json want = vector["out"];
    json got = kind->second(vector["in"]);
    // The law is not asked for more steps than a row of the table has.
    if (kind->first == "sequence") got["quotas"].erase(got["quotas"].begin() + static_cast<std::ptrdiff_t>(want["quotas"].size()), got["quotas"].end());
    if (want.contains("reinit") && !want["reinit"].get<bool>()) {
      EXPECT_FALSE(want.contains("tokens_below")) << name;
    }
    expect_like(got, want, 1e-12, name);
    ++held;
  }
  EXPECT_EQ(left, kLeftToTheLiveSuite);
  EXPECT_EQ(held, 96);
}

}  // namespace
}  // namespace headroom::testing
