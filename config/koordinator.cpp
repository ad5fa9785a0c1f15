#include "config/koordinator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "config/tree.hpp"

namespace headroom {
namespace {

using nlohmann::json;

constexpr std::string_view kKey = "cpu-burst-config";
constexpr std::int64_t kMostBurst = 100;   // per cent of the quota; absent counts as that: upstream kernels refuse more

std::string_view word_of(koordlet::BurstPolicy policy) {
  switch (policy) {
    case koordlet::BurstPolicy::none: return "none";
    case koordlet::BurstPolicy::cpu_burst_only: return "cpuBurstOnly";
    case koordlet::BurstPolicy::cfs_quota_burst_only: return "cfsQuotaBurstOnly";
    case koordlet::BurstPolicy::automatic: return "auto";
  }
  return "none";
}

/// Follows a text as far as it is JSON, and knows where it is.
class Syntax : public nlohmann::json_sax<json> {
 public:
  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool start_object(std::size_t) override { return begin(false); }
  bool end_object() override { return end(); }
  bool start_array(std::size_t) override { return begin(true); }
  bool end_array() override { return end(); }
  bool key(string_t& name) override {
    levels_.back().key = name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const json::exception& error) override {
    at = position == 0 ? 0 : position - 1;
    what = error.what();
    return false;
  }

  /// "nodeStrategies[0]": of the object or list that the end of the text is in.
  std::string path() const {
    std::string out;
    for (std::size_t i = 0; i + 1 < levels_.size(); ++i)
      out += levels_[i].list ? fmt::format("[{}]", levels_[i].index) : fmt::format("{}{}", out.empty() ? "" : ".", levels_[i].key);
    return out;
  }
  std::size_t at = 0;
  std::string what;

 private:
  struct Level {
    bool list = false;
    std::size_t index = 0;
    std::string key;
  };
  bool value() {
    if (!levels_.empty() && levels_.back().list) ++levels_.back().index;
    return true;
  }
  bool begin(bool list) {
    levels_.push_back({list, 0, {}});
    return true;
  }
  bool end() {
    levels_.pop_back();
    return value();
  }
  std::vector<Level> levels_;
};

SloNote note_at(std::string_view text, std::size_t at, std::string path, std::string what) {
  const auto before = text.substr(0, std::min(at, text.size()));
  const auto line = before.rfind('\n');
  const auto column = before.size() - (line == std::string_view::npos ? 0 : line + 1) + 1;
  return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1, static_cast<int>(column), std::move(path), std::move(what), {}};
}

std::optional<SloNote> syntax_fault(std::string_view text) {
  Syntax syntax;
  if (json::sax_parse(text, &syntax)) return std::nullopt;
  return note_at(text, syntax.at, syntax.path(), "JSON: " + syntax.what);
}

/// A field of a strategy: where it goes, and what it may be.
struct Percent {
  std::string_view name;
  std::optional<std::int64_t> koordlet::Patch::*into;
  std::int64_t low, high;
};
constexpr std::array kPercents{Percent{"cpuBurstPercent", &koordlet::Patch::cpu_burst_percent, 0, 10'000},
                               Percent{"cfsQuotaBurstPercent", &koordlet::Patch::quota_burst_percent, 0, 100'000},
                               Percent{"cfsQuotaBurstPeriodSeconds", &koordlet::Patch::quota_burst_period_s, -1, 1'000'000},
                               Percent{"sharePoolThresholdPercent", &koordlet::Patch::share_pool_percent, 0, 100}};

class Reader {
 public:
  std::vector<SloNote> faults, warnings;

  void strategy(const Tree& tree, const std::string& path, koordlet::Patch& out, const std::vector<std::string_view>& also = {}) {
    if (tree.kind != Tree::Kind::map) return fault(tree, path, "want an object");
    for (const TreeEntry& entry : tree.entries) {
      const std::string place = path.empty() ? entry.key : path + "." + entry.key;
      const auto percent = std::find_if(kPercents.begin(), kPercents.end(), [&](const Percent& p) { return p.name == entry.key; });
      if (percent != kPercents.end()) number(entry.value, place, *percent, out);
      else if (entry.key == "policy") policy(entry.value, place, out);
      else if (std::find(also.begin(), also.end(), entry.key) == also.end()) warn(entry.mark, place, "unknown field", "");
    }
  }

  void node(const Tree& tree, const std::string& path, std::vector<NodeStrategy>& out) {
    NodeStrategy result;
    strategy(tree, path, result.patch, {"name", "nodeSelector"});
    for (const TreeEntry& entry : tree.entries) {
      if (entry.key == "name") result.name = entry.value.text;
      if (entry.key != "nodeSelector") continue;
      for (const TreeEntry& part : entry.value.entries) {
        if (part.key != "matchLabels") warn(part.mark, path + ".nodeSelector." + part.key, "not evaluated: matchLabels is", "");
        else for (const TreeEntry& label : part.value.entries) result.labels[label.key] = label.value.text;
      }
    }
    out.push_back(std::move(result));
  }

  void fault(const Tree& tree, std::string path, std::string what) {
    faults.push_back({tree.mark.line, tree.mark.column, std::move(path), std::move(what), {}});
  }
  void warn(Mark mark, std::string path, std::string what, std::string used) {
    warnings.push_back({mark.line, mark.column, std::move(path), std::move(what), std::move(used)});
  }

 private:
  void number(const Tree& tree, const std::string& path, const Percent& percent, koordlet::Patch& out) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(tree.text.data(), tree.text.data() + tree.text.size(), value);
    const bool whole = tree.kind == Tree::Kind::scalar && !tree.quoted && error == std::errc{} && end == tree.text.data() + tree.text.size();
    if (!whole || value < percent.low || value > percent.high)
      return fault(tree, path, fmt::format("want a whole number of {}..{}", percent.low, percent.high));
    const bool above = percent.into == &koordlet::Patch::cpu_burst_percent && value > kMostBurst;
    if (above) warn(tree.mark, path, "above 100: the burst would exceed the quota, which upstream kernels refuse", "100");
    out.*percent.into = above ? kMostBurst : value;
  }

  void policy(const Tree& tree, const std::string& path, koordlet::Patch& out) {
    constexpr std::array kWords{"none", "cpuBurstOnly", "cfsQuotaBurstOnly", "auto"};
    if (tree.kind != Tree::Kind::scalar || !tree.quoted) return fault(tree, path, "want a word in quotes");
    if (std::find(kWords.begin(), kWords.end(), tree.text) == kWords.end()) warn(tree.mark, path, "unknown policy", "none");
    out.policy = koordlet::burst_policy(tree.text);
  }
};

const Tree* find(const Tree& map, std::string_view name) {
  const auto found = std::find_if(map.entries.begin(), map.entries.end(), [name](const TreeEntry& e) { return e.key == name; });
  return found == map.entries.end() ? nullptr : &found->value;
}

}  // namespace

tl::expected<SloConfig, std::vector<SloNote>> parse_cpu_burst_config(std::string_view text) {
  if (auto fault = syntax_fault(text)) return tl::unexpected(std::vector{std::move(*fault)});
  const auto parsed = parse_tree(text, kKey);   // for the places: JSON is YAML
  Reader reader;
  SloConfig out;
  for (const Error& error : parsed.faults) reader.fault(parsed.root, error.where, error.detail);
  for (const TreeEntry& entry : parsed.root.entries) {
    if (entry.key == "clusterStrategy") {
      reader.strategy(entry.value, entry.key, out.cluster);
    } else if (entry.key == "nodeStrategies") {
      for (std::size_t i = 0; i < entry.value.items.size(); ++i) reader.node(entry.value.items[i], fmt::format("nodeStrategies[{}]", i), out.nodes);
    } else {
      reader.warn(entry.mark, entry.key, "unknown field", "");
    }
  }
  if (parsed.root.kind != Tree::Kind::map) reader.fault(parsed.root, "", "want an object");
  if (!reader.faults.empty()) return tl::unexpected(std::move(reader.faults));
  out.warnings = std::move(reader.warnings);
  return out;
}

koordlet::Config strategy_on(const SloConfig& config, const std::optional<std::map<std::string, std::string>>& labels) {
  koordlet::Config lawful;
  lawful.cpu_burst_percent = kMostBurst;
  const auto cluster = koordlet::merged(lawful, config.cluster);
  const std::map<std::string, std::string> own = labels.value_or(std::map<std::string, std::string>{});
  const auto means_it = [&](const NodeStrategy& node) {
    return std::all_of(node.labels.begin(), node.labels.end(), [&](const auto& wanted) {
      const auto found = own.find(wanted.first);
      return found != own.end() && found->second == wanted.second;
    });
  };
  const auto node = std::find_if(config.nodes.begin(), config.nodes.end(), means_it);
  return node == config.nodes.end() ? cluster : koordlet::merged(cluster, node->patch);
}

std::string native_tuning(const koordlet::Config& strategy, std::string_view indent) {
  std::string out;
  const auto line = [&](std::string_view name, const auto& value) { out += fmt::format("{}{}: {}\n", indent, name, value); };
  line("policy", word_of(strategy.policy));
  line("cpuBurstPercent", strategy.cpu_burst_percent);
  line("cfsQuotaBurstPercent", strategy.quota_burst_percent);
  line("cfsQuotaBurstPeriodSeconds", strategy.quota_burst_period_s);
  line("sharePoolThresholdPercent", strategy.share_pool_percent);
  return out;
}

Error error_of(std::string_view file, const SloNote& note) {
  const auto path = note.path.empty() ? "" : ": " + note.path;
  return {Errc::malformed, fmt::format("{}: {}:{}:{}{}", file, kKey, note.line, note.column, path),
          note.used.empty() ? note.what : fmt::format("{}; {} counts", note.what, note.used)};
}

Result<AskedStrategy> parse_burst_annotation(std::string_view text) {
  const std::string kName = fmt::format("annotation {}", kBurstAnnotation);
  const auto complain = [&](const SloNote& note) {
    return fmt::format("{}:{}: {}{}{}{}", note.line, note.column, note.path, note.path.empty() ? "" : ": ", note.what,
                       note.used.empty() ? "" : fmt::format("; {} counts", note.used));
  };
  if (const auto fault = syntax_fault(text)) return fail(Errc::malformed, kName, complain(*fault));
  const auto parsed = parse_tree(text, kName);
  Reader reader;
  AskedStrategy out;
  reader.strategy(parsed.root, "", out.patch);
  if (out.patch.share_pool_percent) out.told.push_back("sharePoolThresholdPercent is the node's, not a pod's: ignored");
  out.patch.share_pool_percent.reset();
  if (!reader.faults.empty()) return fail(Errc::malformed, kName, complain(reader.faults.front()));
  for (const SloNote& note : reader.warnings) out.told.push_back(complain(note));
  return out;
}

Result<SloMap> parse_slo_map(std::string_view text, std::string_view file) {
  const auto parsed = parse_tree(text, file);
  const Tree* data = find(parsed.root, "data");
  if (data == nullptr && (find(parsed.root, "clusterStrategy") != nullptr || find(parsed.root, "nodeStrategies") != nullptr || !parsed.faults.empty()))
    return SloMap{std::string(text), {}};
  const Tree* value = data == nullptr ? nullptr : find(*data, kKey);
  if (value == nullptr) return fail(Errc::malformed, std::string(file), fmt::format("want a ConfigMap with the key {}, or that key's value", kKey));
  SloMap out;
  out.cpu_burst_config = value->text;
  for (const TreeEntry& entry : data->entries)
    if (entry.key != kKey) out.ignored.push_back(entry.key);
  return out;
}

}  // namespace headroom
