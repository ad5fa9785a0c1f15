#include <nlohmann/json.hpp>

#include "agent/ctl_render.hpp"
#include "agent/ctl_text.hpp"

namespace headroom {
namespace {

using nlohmann::json;
using ctl::clean;
using ctl::duration;

std::string counts_line(const json& counts) {
  std::string out;
  for (const auto& [key, n] : counts.items()) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", clean(key), n.get<std::uint64_t>());
  return out.empty() ? "none" : out;
}

std::string writes_line(const json& writes) {
  std::string out;
  for (const json& w : writes)
    out += fmt::format("{}{} {} {} {}", out.empty() ? "" : ", ", w.at("kind").get<std::string>(), w.at("file").get<std::string>(),
                       w.at("result").get<std::string>(), w.at("count").get<std::uint64_t>());
  return out.empty() ? "none" : out;
}

std::string node_lines(const json& node, const Paint& p) {
  const std::string state = node.at("state");
  const char* colour = state == "overload" || state == "unknown" ? p.red : state == "cooling" ? p.yellow : p.green;
  std::string out = fmt::format("node      {} CPUs, {:.2f} in use ({:.2f} by protected), load {}{}{}, target {:.2f}\n",
                                node.at("cpus").get<int>(), node.at("useCores").get<double>(),
                                node.at("protectedUseCores").get<double>(), colour, state, p.reset,
                                node.at("targetCores").get<double>());
  out += fmt::format("lending   {:.2f} lendable, {:.2f} lent\n", node.at("lendableCores").get<double>(),
                     node.at("lentCores").get<double>());
  out += fmt::format("judge     {}{}\n", node.at("judge").get<std::string>(),
                     node.at("judge") == "none" ? " (nothing tells a neighbour's waiting: targets are lower)" : "");
  out += fmt::format("contract  {} s judged, {} s breached\n", node.at("contractSeconds").get<std::uint64_t>(),
                     node.at("breachSeconds").get<std::uint64_t>());
  return out;
}

std::string source_lines(const json& sources, const Paint& p) {
  std::string out;
  for (const json& source : sources) {
    const bool up = source.at("up").get<bool>();
    const std::string trouble = source.at("trouble");
    out += fmt::format("{}{}{}{}{}{}", out.empty() ? "" : ", ", up ? "" : p.red, clean(source.at("name").get<std::string>()), up ? "" : " does not answer",
                       trouble.empty() ? "" : " (" + clean(trouble) + ")", up ? "" : p.reset);
  }
  return fmt::format("sources   {}\n", out);
}

std::string config_lines(const json& config, const Paint& p) {
  const std::string file = config.at("file");
  if (file.empty()) return "config    built-in defaults\n";
  const json& faults = config.at("faults");
  std::string out = fmt::format("config    {}, generation {}{}\n", clean(file), config.at("generation").get<std::uint64_t>(),
                                faults.empty() ? "" : fmt::format(": {}the file as it is now is refused{}", p.red, p.reset));
  for (const json& fault : faults) out += "          " + clean(fault.get<std::string>()) + "\n";
  return out;
}

}  // namespace

std::string render_status(std::string_view text, const Paint& p) {
  const json s = json::parse(text);
  const std::string reason = s.at("modeReason");
  std::string out = fmt::format("mode      {}{}{}{}\n", p.bold, s.at("mode").get<std::string>(), p.reset,
                                reason.empty() ? "" : " (" + clean(reason) + ")");
  if (s.at("paused").get<bool>())
    out += fmt::format("          {}PAUSED{}: everything is back at its owner's values; headroomctl resume to go on\n", p.yellow, p.reset);
  if (s.at("mode") == "observe") out += "          nothing is written: leases below are what would be given, and repeat\n";
  out += fmt::format("policy    {}\n", s.at("policy").get<std::string>());
  out += config_lines(s.at("config"), p);
  out += fmt::format("cgroups   v{} at {}\n", s.at("cgroupVersion").get<int>(), clean(s.at("cgroupRoot").get<std::string>()));
  if (s.contains("sources")) out += source_lines(s.at("sources"), p);
  out += fmt::format("guard     {}\n", s.at("guardUp").get<bool>() ? "stands by" : "none");
  out += node_lines(s.at("node"), p);
  out += fmt::format("groups    {} watched, {} may borrow, {} with a lease\n", s.at("groups").get<std::size_t>(),
                     s.at("borrowers").get<std::int64_t>(), s.at("leases").get<std::int64_t>());
  out += fmt::format("loop      {} ticks, {} reads, mean {:.0f} us, worst lateness of the last second {}\n",
                     s.at("ticks").get<std::uint64_t>(), s.at("reads").get<std::uint64_t>(),
                     s.at("meanTickSeconds").get<double>() * 1e6,
                     duration(s.at("node").at("worstLatenessSeconds").get<double>()));
  out += fmt::format("writes    {}\n", writes_line(s.at("writes")));
  out += fmt::format("foreign   {}\n", counts_line(s.at("foreignWrites")));
  out += fmt::format("revoked   {}\n", counts_line(s.at("revoked")));
  const json& events = s.at("events");
  if (!events.empty()) out += "\nlast events\n";
  for (std::size_t i = events.size() > 10 ? events.size() - 10 : 0; i < events.size(); ++i)
    out += "  " + clean(events[i].get<std::string>()) + "\n";
  return out;
}

std::string render_error(std::string_view body) {
  const json j = json::parse(body, nullptr, false);
  if (!j.is_object() || !j.contains("error")) return clean(body);
  std::string out = clean(j.at("error").get<std::string>());
  if (j.contains("candidates"))
    for (const json& c : j.at("candidates")) out += "\n  " + clean(c.get<std::string>());
  return out;
}

std::string render_done(std::string_view body) {
  const json j = json::parse(body, nullptr, false);
  return (j.is_object() && j.contains("message") ? clean(j.at("message").get<std::string>()) : clean(body)) + "\n";
}

}  // namespace headroom
