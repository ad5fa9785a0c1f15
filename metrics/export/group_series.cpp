#include "metrics/export/group_series.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "cgroups/types/utf8.hpp"

namespace headroom {
namespace {

double seconds_of(nanoseconds t) { return std::chrono::duration<double>(t).count(); }

double usage(const GroupReport& g) { return seconds_of(g.usage_total); }
double throttled(const GroupReport& g) { return seconds_of(g.throttle.throttled_time); }
double throttled_periods(const GroupReport& g) { return static_cast<double>(g.throttle.throttled_periods); }
double lent(const GroupReport& g) { return seconds_of(g.lent_cpu); }
double stall_avoided(const GroupReport& g) { return seconds_of(g.stall_avoided); }
double quota_cores(const GroupReport& g) {
  if (!g.in_force || !g.in_force->quota) return std::numeric_limits<double>::infinity();
  return static_cast<double>(g.in_force->quota->count()) / static_cast<double>(g.in_force->period.count());
}
double one(const GroupReport&) { return 1; }

struct Family {
  const char *name, *type, *help;
  double (*value)(const GroupReport&);
};

constexpr Family kContainer[] = {
    {"headroom_container_cpu_usage_seconds_total", "counter", "CPU time used.", usage},
    {"headroom_container_cpu_throttled_seconds_total", "counter",
     "Time for which the group was throttled by its own quota, summed over CPUs.", throttled},
    {"headroom_container_cpu_throttled_periods_total", "counter", "Periods in which the group was throttled.",
     throttled_periods},
    {"headroom_container_lent_cpu_seconds_total", "counter",
     "CPU time used above the container's own limit while a lease was out.", lent},
    {"headroom_container_stall_avoided_seconds_total", "counter",
     "Wall time for which the container would have stood still under its own quota, at most a period each.",
     stall_avoided},
    {"headroom_container_quota_cores", "gauge", "Quota in force divided by its period; +Inf for none.", quota_cores},
};
constexpr Family kInfo = {"headroom_container_info", "gauge",
                          "What the container is: cgroup path, QoS class, rule, workflow.", one};
constexpr Family kPod[] = {
    {"headroom_pod_cpu_throttled_seconds_total", "counter",
     "Time for which the pod's own quota throttled it, summed over CPUs.", throttled},
    {"headroom_pod_cpu_throttled_periods_total", "counter", "Periods in which the pod's own quota throttled it.",
     throttled_periods},
};

/// name="value" in UTF-8, as the format wants it, with what it reserves escaped. A name that begins with a slash is a path.
void append_label(std::string_view name, std::string_view value, std::string& out) {
  if (!out.empty()) out += ',';
  out.append(name).append("=\"");
  for (const char c : as_utf8(value)) {
    if (c == '\n') out += "\\n";
    else if (c == '"' || c == '\\') out.append("\\").push_back(c);
    else out += c;
  }
  out += '"';
}

/// The shortest text that reads back as the same number.
void append_number(double value, std::string& out) {
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

/// Namespace, pod and container; where there is no name, the path below the root, which nothing else has.
std::string container_labels(const GroupReport& g) {
  std::string out;
  append_label("namespace", g.ns, out);
  append_label("pod", g.pod, out);
  append_label("container", g.container.empty() ? "/" + g.path : g.container, out);
  return out;
}
std::string pod_labels(const GroupReport& g) {
  std::string out;
  append_label("namespace", g.ns, out);
  append_label("pod", g.pod.empty() ? "/" + g.path : g.pod, out);
  return out;
}
std::string info_labels(const GroupReport& g) {
  std::string out;
  append_label("id", "/" + g.path, out);
  append_label("qos", g.qos, out);
  append_label("class", g.rule, out);
  append_label("workflow", g.step ? g.step->workflow : std::string{}, out);
  return "," + out;
}
std::string no_more(const GroupReport&) { return {}; }

struct Labelled {
  std::string labels;
  const GroupReport* group;
};

/// Sorted and unique.
void settle(std::vector<Labelled>& list) {
  std::sort(list.begin(), list.end(), [](const Labelled& a, const Labelled& b) {
    return std::pair<const std::string&, std::uint64_t>(a.labels, b.group->id) <
           std::pair<const std::string&, std::uint64_t>(b.labels, a.group->id);
  });
  list.erase(std::unique(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.labels == b.labels; }),
             list.end());
}

void write(const Family& family, const std::vector<Labelled>& series, std::string (*more)(const GroupReport&),
           std::vector<FamilyText>& out) {
  if (series.empty()) return;
  const std::string_view name = family.name;
  std::string text;
  text.append("# HELP ").append(name).append(" ").append(family.help);
  text.append("\n# TYPE ").append(name).append(" ").append(family.type).append("\n");
  text.reserve(text.size() + series.size() * (name.size() + series.front().labels.size() + 24));
  for (const Labelled& s : series) {
    text.append(name).append("{").append(s.labels).append(more(*s.group)).append("} ");
    append_number(family.value(*s.group), text);
    text += '\n';
  }
  out.push_back({std::string(name), std::move(text)});
}

}  // namespace

std::vector<FamilyText> group_families(const Report& report) {
  std::vector<Labelled> containers, pods;
  for (const GroupReport& g : report.groups) {
    if (g.kind == "pod") pods.push_back({pod_labels(g), &g});
    else if (g.kind != "qos") containers.push_back({container_labels(g), &g});
  }
  settle(containers);
  settle(pods);
  std::vector<FamilyText> out;
  for (const Family& family : kContainer) write(family, containers, no_more, out);
  write(kInfo, containers, info_labels, out);
  for (const Family& family : kPod) write(family, pods, no_more, out);
  return out;
}

}  // namespace headroom
