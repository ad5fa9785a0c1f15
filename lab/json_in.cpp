// What `run --json` wrote, read strictly.
#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <set>

#include "lab/json_item.hpp"
#include "lab/record.hpp"

namespace headroom::lab {
namespace {

template <class T>
std::vector<T> list(const JsonItem& from, T (*read)(const JsonItem&)) {
  std::vector<T> out;
  for (const auto& item : from.items()) out.push_back(read(item));
  return out;
}

double positive_of(const JsonItem& item) { return item.positive(); }
std::optional<double> maybe_of(const JsonItem& item) { return item.maybe(); }
std::string text_of(const JsonItem& item) { return item.text(); }

Summary summary_of(const JsonItem& in) {
  if (!in.object({"count", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "worst_ms"})) return {};
  return {in.at("count").count(), in.at("mean_ms").positive(), in.at("p50_ms").positive(), in.at("p95_ms").positive(),
          in.at("p99_ms").positive(), in.at("worst_ms").positive()};
}

/// Of a workflow; others, and older files, have none.
double makespan_of(const JsonItem& in) { return in.has("makespan_s") ? in.at("makespan_s").positive() : 0; }

ArmStats arm_of(const JsonItem& in) {
  if (!in.object({"arm", "step", "burstable", "guaranteed", "throttled_container_s", "throttled_pod_s",
                  "refilling_writes_per_group_second", "daemon_cpu", "seconds", "makespan_s"})) return {};
  return {in.at("arm").text(), summary_of(in.at("step")), summary_of(in.at("burstable")), summary_of(in.at("guaranteed")),
          in.at("throttled_container_s").positive(), in.at("throttled_pod_s").positive(),
          in.at("refilling_writes_per_group_second").positive(), in.at("daemon_cpu").positive(), in.at("seconds").positive(),
          makespan_of(in)};
}

Rotation rotation_of(const JsonItem& in) {
  if (!in.object({"arm", "run", "rotation", "step", "burstable", "guaranteed", "throttled_container_s", "throttled_pod_s",
                  "refilling_writes", "writes", "daemon_cpu_s", "seconds", "makespan_s"})) return {};
  return {in.at("arm").text(), in.at("run").small(1) - 1, in.at("rotation").small(1) - 1, summary_of(in.at("step")),
          summary_of(in.at("burstable")), summary_of(in.at("guaranteed")), in.at("throttled_container_s").positive(),
          in.at("throttled_pod_s").positive(), in.at("refilling_writes").positive(), in.at("writes").positive(),
          in.at("daemon_cpu_s").positive(), in.at("seconds").positive(), makespan_of(in)};
}

Verdict::Says says_of(const JsonItem& in) {
  const auto word = in.text();
  if (word == "pass") return Verdict::Says::pass;
  if (word == "miss") return Verdict::Says::miss;
  if (word != "not judged") in.want("pass, miss or not judged");
  return Verdict::Says::not_judged;
}

RunRecord run_of(const JsonItem& in) {
  RunRecord out;
  if (!in.object({"run", "twin_ratios", "fate"})) return out;
  out.run = in.at("run").small(1) - 1;
  for (const auto& [stat, value] : in.at("twin_ratios").members()) out.twins.push_back({stat, value.maybe()});
  const auto fate = in.at("fate").text();
  if (fate == "counts") out.fate = RunRecord::Fate::counts;
  else if (fate == "void") out.fate = RunRecord::Fate::is_void;
  else if (fate != "smoke") in.at("fate").want("counts, void or smoke");
  return out;
}

Verdict verdict_of(const JsonItem& in) {
  if (!in.object({"arm", "stat", "against", "at_most", "ratio", "verdict"})) return {};
  return {{in.at("arm").text(), in.at("stat").text(), in.at("against").text(), in.at("at_most").number()},
          in.at("ratio").maybe(), says_of(in.at("verdict"))};
}

Finding finding_of(const JsonItem& in) {
  if (!in.object({"name", "unit", "arm", "value", "at_most", "verdict"})) return {};
  return {in.at("name").text(), in.at("unit").text(), in.at("arm").text(), in.at("value").number(),
          in.at("at_most").maybe(), says_of(in.at("verdict"))};
}

std::pair<double, double> point_of(const JsonItem& in) {
  const auto both = in.items();
  if (both.size() == 2) return {both[0].number(), both[1].number()};
  in.want("two numbers");
  return {};
}

Series series_of(const JsonItem& in) {
  if (!in.object({"name", "unit", "points"})) return {};
  return {in.at("name").text(), in.at("unit").text(), list(in.at("points"), point_of)};
}

LatencyCurve curve_of(const JsonItem& in) {
  LatencyCurve out;
  if (!in.object({"arm", "who", "count", "share_ms"})) return out;
  out.arm = in.at("arm").text();
  const auto who = in.at("who").text();
  const auto* it = std::find_if(std::begin(kEverybody), std::end(kEverybody), [&](Who w) { return who == word(w); });
  if (it == std::end(kEverybody)) in.at("who").want("step, burstable or guaranteed");
  else out.who = *it;
  out.count = in.at("count").count(1);
  out.points = list(in.at("share_ms"), point_of);
  for (std::size_t i = 0; i < out.points.size(); ++i) {
    const auto& [share, ms] = out.points[i];
    const bool rises = i == 0 || (share > out.points[i - 1].first && ms >= out.points[i - 1].second);
    if (share <= 0 || share > 1 || ms < 0 || !rises) in.at("share_ms").items()[i].wrong("quantiles have to rise, with shares up to 1");
  }
  return out;
}

Timeline timeline_of(const JsonItem& in) {
  Timeline out;
  if (!in.object({"arm", "group", "base_cores", "sampler_cpu", "t_s", "quota_cores", "usage_cores", "throttled"})) return out;
  out.arm = in.at("arm").text();
  out.group = in.at("group").text();
  if (in.has("base_cores")) out.base_cores = in.at("base_cores").maybe();
  if (in.has("sampler_cpu")) out.sampler_cpu = in.at("sampler_cpu").positive();
  out.t_s = list(in.at("t_s"), positive_of);
  out.quota_cores = list(in.at("quota_cores"), maybe_of);
  out.usage_cores = list(in.at("usage_cores"), positive_of);
  out.throttled = list(in.at("throttled"), positive_of);
  const auto n = out.t_s.size();
  if (out.quota_cores.size() != n || out.usage_cores.size() != n || out.throttled.size() != n) in.wrong("its lists differ in length");
  if (std::adjacent_find(out.t_s.begin(), out.t_s.end(), std::greater_equal<>{}) != out.t_s.end()) in.at("t_s").wrong("time has to rise");
  return out;
}

/// Version 1 says nothing of its need: what it judged had sufficed, and of a smoke the run says so.
SampleNeed need_of(const JsonItem& root) {
  if (!root.has("need")) return {0, 0};
  const auto in = root.at("need");
  if (!in.object({"requests", "bursts"})) return {};
  return {in.at("requests").count(), in.at("bursts").count()};
}

/// What is drawn has to belong to an arm of the table, and an arm is there once.
void check_arms(const JsonItem& root, const Record& record) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < record.arms.size(); ++i) {
    if (!names.insert(record.arms[i].arm).second) root.at("arms").items()[i].at("arm").wrong("this arm is there twice");
  }
  const auto known = [&](const char* key, std::size_t i, const std::string& arm) {
    if (!names.contains(arm)) root.at(key).items()[i].at("arm").wrong(fmt::format("no such arm: {}", arm));
  };
  for (std::size_t i = 0; i < record.curves.size(); ++i) known("curves", i, record.curves[i].arm);
  for (std::size_t i = 0; i < record.timelines.size(); ++i) known("timelines", i, record.timelines[i].arm);
}

/// A simulator that only says so in its machine line is believed, too.
Origin origin_of(const JsonItem& root, const std::string& machine) {
  const bool says = root.has("simulated") && root.at("simulated").yes();
  return says || machine.find("imulat") != std::string::npos ? Origin::simulated : Origin::measured;
}

Record record_in(const JsonItem& root) {
  Record out;
  out.scenario = root.at("scenario").text();
  out.machine = root.at("machine").text();
  if (root.has("description")) out.description = root.at("description").text();
  if (root.has("command")) out.command = root.at("command").text();
  out.origin = origin_of(root, out.machine);
  out.need = need_of(root);
  out.arms = list(root.at("arms"), arm_of);
  out.runs = list(root.at("runs"), run_of);
  out.rotations = list(root.at("raw"), rotation_of);
  out.verdicts = list(root.at("verdicts"), verdict_of);
  out.findings = list(root.at("findings"), finding_of);
  out.series = list(root.at("series"), series_of);
  out.notes = list(root.at("notes"), text_of);
  if (root.has("curves")) out.curves = list(root.at("curves"), curve_of);
  if (root.has("timelines")) out.timelines = list(root.at("timelines"), timeline_of);
  return out;
}

}  // namespace

Result<Record> parse_record(std::string_view text, const std::string& file) {
  const auto doc = JsonDoc::parse(text, file);
  if (!doc) return tl::unexpected(doc.error());
  const auto root = doc->root();
  if (root.has("version") && root.at("version").small(1) > kRecordVersion && !doc->fault()) {
    root.at("version").want(fmt::format("1..{} (a newer headroom-lab wrote this)", kRecordVersion));
  }
  Record out;
  if (!doc->fault() && root.object({"version", "scenario", "description", "machine", "command", "simulated", "need", "arms",
                                    "runs", "verdicts", "findings", "notes", "series", "raw", "curves", "timelines"})) {
    out = record_in(root);
  }
  if (!doc->fault()) check_arms(root, out);
  if (doc->fault()) return tl::unexpected(*doc->fault());
  return out;
}

}  // namespace headroom::lab
