#include <nlohmann/json.hpp>

#include "agent/ctl_render.hpp"
#include "agent/ctl_text.hpp"

namespace headroom {
namespace {

using nlohmann::json;
using ctl::clean;
using ctl::duration;

double number(const json& j, const char* key) { return j.at(key).is_null() ? 0 : j.at(key).get<double>(); }

std::string identity_lines(const json& g, const Paint& p) {
  std::string out = fmt::format("{}{}{}\n", p.bold, clean(g.at("name").get<std::string>()), p.reset);
  out += fmt::format("  cgroup     /{}\n", clean(g.at("path").get<std::string>()));
  const std::string id = g.at("containerId"), uid = g.at("podUid");
  if (!id.empty()) out += fmt::format("  container  {}\n", clean(id));
  if (!uid.empty()) out += fmt::format("  pod uid    {}\n", clean(uid));
  out += fmt::format("  rule       {} (class {}), {}\n", clean(g.at("class").get<std::string>()), g.at("qos").get<std::string>(),
                     g.at("mayBorrow").get<bool>() ? "may borrow" : "may not borrow");
  return out;
}

std::string signal_lines(const json& g) {
  std::string out = fmt::format("\nSignals\n  use        {:.2f} cores over 1 s, {:.2f} now, limit {}\n", number(g, "useCores"),
                                number(g, "rateCores"),
                                g.at("limitCores").is_null() ? "none" : fmt::format("{:.2f}", number(g, "limitCores")));
  out += fmt::format("  throttled  {} of {} periods, {} in all, {} avoided\n", g.at("throttledPeriods").get<std::uint64_t>(),
                     g.at("periods").get<std::uint64_t>(), duration(number(g, "throttledSeconds")),
                     duration(number(g, "stallAvoidedSeconds")));
  out += fmt::format("  borrowed   {} of CPU above its own limit so far\n", duration(number(g, "lentCpuSeconds")));
  if (number(g, "harmLastMinuteSeconds") > 0)
    out += fmt::format("  harmed     waited {} of the last minute because of leases\n", duration(number(g, "harmLastMinuteSeconds")));
  return out;
}

/// The bound that decided, by the words of the state API.
const char* bound_of(const std::string& because) {
  static const std::pair<const char*, const char*> kBounds[] = {
      {"end_expired", "time or credit"},       {"revoke_harm", "a protected neighbour's waiting"},
      {"revoke_overload", "load of the node"}, {"revoke_late", "punctuality of the loop"},
      {"revoke_blind", "failed observations"}, {"shrink_share", "its share among those who claim"},
      {"refuse_class", "its class"},           {"refuse_unlimited", "it has no finite limit"},
      {"refuse_uncertain", "its own limit is not certain yet"},
      {"refuse_hands_off", "somebody else writes its files"},
      {"refuse_no_credit", "its credit"},      {"refuse_no_lendable", "CPUs that are lendable"},
      {"refuse_load", "load of the node"},     {"refuse_budget", "the node's budget of refills"},
      {"refuse_no_guard", "no guard stands by"}, {"end_foreign", "somebody else wrote its files"}};
  for (const auto& [word, bound] : kBounds)
    if (because == word) return bound;
  return "none";
}

std::string decision_lines(const json& g) {
  const json& r = g.at("reason");
  const json& lease = g.at("lease");
  std::string out = fmt::format("\nDecision\n  {}\n", clean(g.at("verdict").get<std::string>()));
  if (!lease.is_null())
    out += fmt::format("  lease      {} ({}), {:.2f} cores in all, for {}, ends {}\n", lease.at("kind").get<std::string>(),
                       lease.at("actuator").get<std::string>(), number(lease, "cores"), duration(number(lease, "ageSeconds")),
                       lease.at("endsInSeconds").is_null() ? "when its use falls" : "in " + duration(number(lease, "endsInSeconds")));
  out += fmt::format("  arithmetic asked {:.2f}, lendable {:.2f}, granted {:.2f} in all; run rate {:.2f}, credit {}\n",
                     number(r, "askedCores"), number(r, "lendableCores"), number(r, "grantedCores"), number(r, "rateCores"),
                     duration(number(r, "creditSeconds")));
  out += fmt::format("  bound hit  {}\n", bound_of(r.at("because")));
  if (!r.at("expiresInSeconds").is_null()) out += fmt::format("  expires    in {}\n", duration(number(r, "expiresInSeconds")));
  if (r.contains("neighbour")) out += fmt::format("  neighbour  {}\n", clean(r.at("neighbour").get<std::string>()));
  return out;
}

/// One level: the owner's value and the one in force.
std::string level_lines(const json& g) {
  std::string out = fmt::format("  /{}\n", clean(g.at("path").get<std::string>()));
  const json& in_force = g.at("inForce");
  const std::string own = g.at("limitCores").is_null() ? "none or not certain" : fmt::format("{:.2f} cores", number(g, "limitCores"));
  if (!in_force.is_null())
    out += fmt::format("    quota    owner's {} -> now {} us per {} us, burst {} us\n", own,
                       in_force.at("quotaUs").is_null() ? "unlimited" : fmt::format("{:.0f}", number(in_force, "quotaUs")),
                       in_force.at("periodUs").get<std::int64_t>(), in_force.at("burstUs").get<std::int64_t>());
  if (!g.at("shares").is_null() && !g.at("ownShares").is_null())
    out += fmt::format("    shares   owner's {} -> now {}\n", g.at("ownShares").get<std::uint64_t>(), g.at("shares").get<std::uint64_t>());
  out += fmt::format("    written  {} settings, {} refills; by others {}\n", g.at("settingsWrites").get<std::uint64_t>(),
                     g.at("refills").get<std::uint64_t>(), g.at("foreignWrites").get<std::uint64_t>());
  return out;
}

}  // namespace

std::string render_explain(std::string_view text, const Paint& p) {
  const json e = json::parse(text);
  const json& g = e.at("group");
  std::string out = identity_lines(g, p) + signal_lines(g) + decision_lines(g) + "\nWrites (old -> new)\n" + level_lines(g);
  for (const json& above : e.at("above")) out += level_lines(above);
  if (const json events = e.value("events", json::array()); !events.empty()) {
    out += "\nEvents\n";
    for (const json& event : events) out += fmt::format("  {}\n", clean(event.get<std::string>()));
  }
  const std::string mode = e.at("mode"), reason = e.at("modeReason");
  if (mode != "enforce")
    out += fmt::format("\nMode is {}{}: nothing of this is written.\n", mode, reason.empty() ? "" : " (" + clean(reason) + ")");
  else
    out += "\nTo undo: headroomctl pause (everything back, nothing new), headroomctl resume to go on.\n";
  return out;
}

}  // namespace headroom
