// Documents drawn from the table of keys: right ones, and ones with mistakes.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "config/keys.hpp"
#include "policies/policy.hpp"

namespace headroom::test {

/// "classes[].borrow.upTo" with a value as a document: maps and lists around it, and what they need besides.
inline std::string document(const Key& key, const std::string& value) {
  std::string path(key.path);
  if (const auto star = path.find('*'); star != std::string::npos) path.replace(star, 1, "kubelet");
  std::string begin, end, needs;
  for (const std::string list : {"classes[].match[].", "classes[].", "rollout[]."}) {
    if (!path.starts_with(list)) continue;
    path = path.substr(list.size());
    if (list == "classes[].match[].") begin = "classes: [{name: a, match: [{", end = "}]}]", needs = path == "portRange" ? "dockerName: \"(?P<port>a)\", " : "";
    if (list == "classes[].") {
      const bool name = path == "name", match = path == "match";
      begin = "classes: [{", end = "}]", needs = fmt::format("{}{}", name ? "" : "name: a, ", match ? "" : "match: [{qos: Burstable}], ");
    }
    if (list == "rollout[].") begin = "rollout: [{", end = "}]";
    break;
  }
  const bool annotation = path.starts_with("annotations.");
  for (auto point = path.find('.'); point != std::string::npos; point = annotation ? path.rfind(".max") : path.find('.')) {
    begin += needs + path.substr(0, point) + ": {";
    end.insert(0, "}");
    needs.clear();
    path = path.substr(point + 1);
    if (annotation && !path.ends_with(".max")) break;
  }
  return begin + needs + path + ": " + value + end + "\n";
}

struct Document {
  std::string text;
  std::set<std::string> keys;   ///< paths of the table that it names; "tuning.hold" for parameters
};

/// Same seed, same documents.
class Documents {
 public:
  explicit Documents(std::uint32_t seed) : random_(seed) {}

  /// @param mistake_percent  of its values (and maps) are wrong in some way; 0: none, but values may contradict each other
  Document draw(int mistake_percent) {
    document_ = {};
    begin();
    mistake_percent_ = mistake_percent;
    const std::string flow = map(keys().front(), 50);
    document_.text = chance(50) ? flow + "\n" : block(flow);
    return std::move(document_);
  }
  /// A right one of this key alone.
  std::string value_of(const Key& key) {
    mistake_percent_ = 0;
    begin();
    return value(key);
  }

 private:
  void begin() {
    policy_ = "headroom";
    borrows_ = verified_ = asks_kubelet_ = asks_docker_ = false;
    https_ = true;
    window_ = 60'000;
  }
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  template <class List>
  auto one_of(const List& list) { return list[random_() % std::size(list)]; }

  /// Top-level entries on lines of their own, as people write them.
  static std::string block(const std::string& flow) {
    std::string out;
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 1; i + 1 < flow.size(); ++i) {
      const char c = flow[i];
      if (c == '"' && flow[i - 1] != '\\') quoted = !quoted;
      if (!quoted && (c == '{' || c == '[')) ++depth;
      if (!quoted && (c == '}' || c == ']')) --depth;
      const bool next = !quoted && depth == 0 && c == ',';
      out += next ? '\n' : c;
      if (next) ++i;   // the blank behind it
    }
    return out.empty() ? "{}\n" : out + "\n";
  }

  /// Keeps to one side of what check_contradictions() refuses, for most documents to be valid.
  bool skips(const Key& child) {
    static const std::set<std::string_view> kOfPods{"rollout[].namespaces", "classes[].match[].namespace", "classes[].match[].podLabels",
                                                    "classes[].match[].podAnnotations", "annotations.headroom.io/up-to",
                                                    "annotations.koordinator.sh/cpuBurst"};
    asks_kubelet_ = asks_kubelet_ || kOfPods.contains(child.path);
    asks_docker_ = asks_docker_ || child.path == "classes[].match[].dockerName";
    const bool of_certificates = child.path.starts_with("sources.*.") && child.path != "sources.*.address";
    return of_certificates && !https_;
  }

  std::string map(const Key& key, int percent) {
    std::string out;
    if (key.path.starts_with("sources.")) https_ = key.path != "sources.docker" && key.path != "sources.systemd", verified_ = false;
    if (key.path == "classes[]" || key.path == "classes") borrows_ = false;
    const auto add = [&](std::string_view name, const std::string& value) {
      out += (out.empty() ? "" : ", ") + std::string(name) + ": " + value;
    };
    for (const Key* child : children_of(key)) {
      const bool needed = child->need == Need::required && !mistake();
      if (!needed && !chance(percent)) continue;
      if (skips(*child)) continue;
      document_.keys.insert(std::string(child->path));
      add(name_of(*child), value(*child));
      if (mistake() && chance(20)) add(name_of(*child), value(*child));   // twice
    }
    if (mistake()) add(chance(50) ? "upToo" : "zzz", "1");
    if (out.empty() && key.form == Form::entries && !mistake()) return "{qos: Burstable}";
    return "{" + out + "}";
  }

  std::string list(const Key& key, int least, int percent) {
    std::string out;
    const int count = least + static_cast<int>(random_() % 3) - (mistake() ? 1 : 0);
    for (int i = 0; i < count; ++i) out += (out.empty() ? "" : ", ") + map(key, percent);
    return "[" + out + "]";
  }

  bool mistake() { return chance(mistake_percent_); }

  std::string value(const Key& key) {
    if (mistake()) return wrong(key);
    switch (key.form) {
      case Form::map: return map(key, 60);
      case Form::maps: return list(key, 0, 40);
      case Form::entries: return list(key, 1, 20);
      case Form::word: return word(key);
      case Form::word_or_map: {
        const bool as_map = chance(50);
        borrows_ = borrows_ || (as_map && key.path == "classes[].borrow");
        return as_map ? map(key, 60) : word(key);
      }
      case Form::integer: return std::to_string(key.low);
      case Form::truth: return chance(50) && !verified_ ? "true" : "false";
      case Form::text:
        verified_ = verified_ || key.path.starts_with("sources.");
        return "\"train-*.service\"";
      case Form::texts: return chance(50) ? "[argo]" : "[\"17\", chem-flows]";
      case Form::text_map: return chance(50) ? "{tier: latency}" : "{a/b: \"1\", \"c\": d}";
      case Form::class_name: return "a" + std::to_string(random_() % 100'000);
      case Form::engines: return chance(50) ? "[argo, flyte-v2]" : "[" + std::string(one_of(engine_ids())) + "]";
      case Form::pattern: return "\"^a(?P<port>\\\\d+)$\"";
      case Form::ports: return chance(50) ? "[26000, 27000]" : "[1, 65535]";
      case Form::globs: return chance(50) ? "\"a/**\"" : "[a/b, \"*/c\"]";
      case Form::slice: return "a-b.slice";
      case Form::address: return one_of(std::to_array<const char*>({"127.0.0.1:9478", "\"[::]:0\"", "localhost:65535"}));
      case Form::url:
        https_ = chance(50);
        return https_ ? "https://10.0.0.1:10250" : "unix:/run/docker.sock";
      case Form::parameters: return parameters();
      case Form::cores: case Form::auto_or_percent: case Form::tenths_of_percent: case Form::duration:
      case Form::cpu_minutes: case Form::cpu_hours_a_day: case Form::mebibytes: case Form::percent_of_node:
      case Form::below_cores: case Form::breaches: return amount(key, 0);
    }
    return "~";
  }

  std::string word(const Key& key) {
    const auto words = words_of(key);
    std::string word(one_of(words));
    if (key.path == "policy") policy_ = word;   // it stands before the parameters
    const bool asked = (key.path == "sources.kubelet" && asks_kubelet_) || (key.path == "sources.docker" && asks_docker_);
    if (asked) word = "auto";
    if (key.path == "classes[].weight" && !borrows_ && word == "lower") word = "keep";
    if (word == "off" && chance(20)) return "false";
    return chance(20) ? "\"" + word + "\"" : word;
  }

  std::string parameters() {
    std::string out;
    for (const ParamDoc& doc : policy_docs(policy_)) {
      if (!chance(30)) continue;
      document_.keys.insert("tuning." + std::string(doc.name));
      out += (out.empty() ? "" : ", ") + std::string(doc.name) + ": " +
             (mistake() ? "1h" : std::string(chance(20) ? "\"" + std::string(doc.fallback) + "\"" : doc.fallback));
    }
    return "{" + out + "}";
  }

  static std::int64_t step_of(Form form) {
    const bool fine = form == Form::cores || form == Form::below_cores || form == Form::cpu_minutes || form == Form::cpu_hours_a_day;
    return fine ? 1 : form == Form::tenths_of_percent ? 100 : 1000;
  }

  /// @param beyond  steps above the range
  std::string amount(const Key& key, int beyond) {
    const auto step = step_of(key.form);
    const auto span = static_cast<std::uint64_t>((key.high - key.low) / step);
    const auto drawn = key.low + static_cast<std::int64_t>(random_() % (span + 1)) * step;
    const auto drawn_value = beyond > 0 ? key.high + beyond * step : chance(20) ? key.low : chance(20) ? key.high : drawn;
    const bool needs_some = key.form == Form::cpu_minutes || key.form == Form::breaches;   // a credit, and time for a breach
    const auto value = needs_some ? std::max(drawn_value, key.form == Form::breaches ? window_ : step) : drawn_value;
    if (key.path == "contract.per" && beyond == 0) window_ = value;

    const std::string number = thousandths_text(value), gap = chance(50) ? " " : "";
    switch (key.form) {
      case Form::cores: return number + gap + (chance(50) ? "cores" : "core");
      case Form::below_cores: return "below " + number + gap + "cores";
      case Form::auto_or_percent: return beyond == 0 && chance(30) ? "auto" : number + "%";
      case Form::duration: return number + "s";
      case Form::cpu_minutes: return number + gap + "cpu-min";
      case Form::cpu_hours_a_day: return number + gap + "cpu-h/day";
      case Form::mebibytes: return number + gap + "MiB";
      case Form::percent_of_node: return number + "% of node";
      case Form::breaches: return std::to_string(1 + random_() % static_cast<std::uint64_t>(value / window_)) + " in " + number + "s";
      case Form::tenths_of_percent: return number + gap + "%";
      case Form::map: case Form::maps: case Form::entries: case Form::word: case Form::word_or_map: case Form::integer:
      case Form::truth: case Form::text: case Form::texts: case Form::text_map: case Form::class_name: case Form::engines:
      case Form::pattern: case Form::ports: case Form::globs: case Form::slice: case Form::address: case Form::url:
      case Form::parameters: break;
    }
    return number;
  }

  std::string wrong(const Key& key) {
    static constexpr const char* kWrong[] = {"17.5", "\"\"",  "[]",   "{}",    "~",       "true",     "8 cpus", "-1%",
                                             "[x]",  "{x: y}", "0x10", "[~]",  "\"true\"", "12 cores", "1e3",    "none",
                                             "101%", "[1, 2]", "off",  "\"1\"", "[[x]]",   "5m",       "2020-01-01", "system"};
    if (step_of(key.form) != 1000 && chance(40)) return amount(key, 1);
    return one_of(kWrong);
  }

  std::mt19937 random_;
  Document document_;
  std::string policy_;
  bool borrows_ = false, https_ = true, verified_ = false, asks_kubelet_ = false, asks_docker_ = false;
  std::int64_t window_ = 60'000;   ///< of the contract, thousandths of a second
  int mistake_percent_ = 0;
};

}  // namespace headroom::test
