#include <fmt/core.h>

#include "lab/record.hpp"
#include "lab/tables.hpp"

namespace headroom::lab {
namespace {

/// RFC 4180: quoted where it has to be, quotes doubled.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

struct Figure {
  std::string statistic;
  double value = 0;
  const char* unit;
};

void add(std::vector<Figure>& out, const std::string& who, const Summary& s) {
  out.push_back({who + "_count", static_cast<double>(s.count), "1"});
  if (s.count == 0) return;   // no latency is not a latency of 0 ms
  for (const auto& [name, value] : {std::pair{"mean", s.mean}, {"p50", s.p50}, {"p95", s.p95}, {"p99", s.p99}, {"worst", s.worst}}) {
    out.push_back({who + "_" + name, value, "ms"});
  }
}

std::vector<Figure> figures_of(const Rotation& r) {
  std::vector<Figure> out;
  add(out, "step", r.step);
  add(out, "burstable", r.burstable);
  add(out, "guaranteed", r.guaranteed);
  out.push_back({"throttled_container", r.throttled_container, "s"});
  out.push_back({"throttled_pod", r.throttled_pod, "s"});
  out.push_back({"refilling_writes", r.refilling_writes, "1"});
  out.push_back({"writes", r.all_writes, "1"});
  out.push_back({"daemon_cpu", r.daemon_cpu_seconds, "s"});
  out.push_back({"measured", r.seconds, "s"});
  if (r.makespan > 0) out.push_back({"makespan", r.makespan, "s"});
  return out;
}

/// A run without a record of its own is one that was interrupted.
std::string fate_of(const Record& record, int run) {
  for (const auto& r : record.runs) {
    if (r.run == run) return word(r.fate);
  }
  return "not judged";
}

}  // namespace

std::string to_csv(const std::vector<Record>& records) {
  std::string out = "scenario,origin,arm,run,rotation,fate,statistic,value,unit\r\n";
  for (const auto& record : records) {
    const char* origin = record.origin == Origin::simulated ? "simulated" : "measured";
    for (const auto& r : record.rotations) {
      const auto head = fmt::format("{},{},{},{},{},{}", cell(record.scenario), origin, cell(r.arm), r.run + 1,
                                    r.rotation + 1, fate_of(record, r.run));
      for (const auto& f : figures_of(r)) out += fmt::format("{},{},{},{}\r\n", head, f.statistic, f.value, f.unit);
    }
  }
  return out;
}

}  // namespace headroom::lab
