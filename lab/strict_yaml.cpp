#include "lab/strict_yaml.hpp"

#include <fmt/core.h>

#include <charconv>

namespace headroom::lab {
namespace {

[[noreturn]] void bad(const std::string& file, const YAML::Mark& mark, const std::string& path, std::string why) {
  throw BadScenario{Error{Errc::malformed, fmt::format("{}:{}:{}: {}", file, mark.line + 1, mark.column + 1, path),
                          std::move(why)}};
}

/// Splits "75ms" into 75 and "ms". The number has to begin the text.
std::optional<std::pair<double, std::string>> amount(const std::string& text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{}) return std::nullopt;
  return std::pair{value, std::string(end, text.data() + text.size())};
}

}  // namespace

StrictMap::StrictMap(YAML::Node node, std::string file, std::string path)
    : node_(std::move(node)), file_(std::move(file)), path_(std::move(path)) {
  if (!node_.IsMap()) bad(file_, node_.Mark(), path_, "want a map");
  std::set<std::string> seen;   // yaml-cpp keeps both of two equal keys
  for (const auto& entry : node_) {
    if (!seen.insert(entry.first.as<std::string>()).second) {
      bad(file_, entry.first.Mark(), path_ + entry.first.as<std::string>(), "given twice");
    }
  }
}

bool StrictMap::has(const std::string& key) {
  known_.insert(key);
  return node_[key].IsDefined();
}

std::optional<std::string> StrictMap::scalar(const std::string& key) {
  if (!has(key)) return std::nullopt;
  if (!node_[key].IsScalar()) refuse(key, "want a single value");
  return node_[key].as<std::string>();
}

std::string StrictMap::text(const std::string& key) {
  auto got = scalar(key);
  if (!got || got->empty()) refuse(key, "required");
  return *got;
}

std::string StrictMap::text_or(const std::string& key, const std::string& fallback) {
  return scalar(key).value_or(fallback);
}

std::vector<std::string> StrictMap::texts_or_none(const std::string& key) {
  std::vector<std::string> out;
  if (!has(key)) return out;
  if (!node_[key].IsSequence()) refuse(key, "want a list");
  for (const auto& entry : node_[key]) out.push_back(entry.as<std::string>());
  return out;
}

long StrictMap::integer_or(const std::string& key, long fallback, long low, long high) {
  const auto got = number_or(key, static_cast<double>(fallback), static_cast<double>(low), static_cast<double>(high));
  const auto whole = static_cast<long>(got);
  if (static_cast<double>(whole) != got) refuse(key, "want a whole number");
  return whole;
}

double StrictMap::number_or(const std::string& key, double fallback, double low, double high) {
  const auto got = scalar(key);
  if (!got) return fallback;
  const auto parsed = amount(*got);
  if (!parsed || !parsed->second.empty() || parsed->first < low || parsed->first > high) {
    refuse(key, fmt::format("want {}..{}, got '{}'", low, high, *got));
  }
  return parsed->first;
}

nanoseconds StrictMap::time_or(const std::string& key, nanoseconds fallback) {
  const auto got = scalar(key);
  if (!got) return fallback;
  const auto parsed = amount(*got);
  const double unit = !parsed                  ? 0
                      : parsed->second == "us" ? 1e3
                      : parsed->second == "ms" ? 1e6
                      : parsed->second == "s"  ? 1e9
                                               : 0;
  if (unit == 0 || parsed->first < 0) refuse(key, fmt::format("want a time as in 500us, 75ms or 3s, got '{}'", *got));
  return nanoseconds{static_cast<nanoseconds::rep>(parsed->first * unit + 0.5)};
}

std::optional<MilliCpu> StrictMap::cores_or_none(const std::string& key) {
  const auto got = scalar(key);
  if (!got) return std::nullopt;
  const auto parsed = amount(*got);
  const double unit = !parsed ? 0 : parsed->second == "m" ? 1 : parsed->second.empty() ? 1000 : 0;
  if (unit == 0 || parsed->first <= 0) refuse(key, fmt::format("want cores as in 500m or 2, got '{}'", *got));
  return MilliCpu{static_cast<std::int64_t>(parsed->first * unit + 0.5)};
}

StrictMap StrictMap::map(const std::string& key) {
  if (!has(key)) refuse(key, "required");
  return {node_[key], file_, path_ + key + "."};
}

std::vector<StrictMap> StrictMap::maps(const std::string& key) {
  auto out = maps_or_none(key);
  if (out.empty()) refuse(key, "want a list that is not empty");
  return out;
}

std::vector<StrictMap> StrictMap::maps_or_none(const std::string& key) {
  std::vector<StrictMap> out;
  if (!has(key)) return out;
  if (!node_[key].IsSequence()) refuse(key, "want a list");
  for (std::size_t i = 0; i < node_[key].size(); ++i) {
    out.emplace_back(node_[key][i], file_, fmt::format("{}{}[{}].", path_, key, i));
  }
  return out;
}

void StrictMap::refuse(const std::string& key, const std::string& why) const {
  const auto value = node_[key];
  bad(file_, value.IsDefined() ? value.Mark() : node_.Mark(), path_ + key, why);
}

void StrictMap::done() const {
  for (const auto& entry : node_) {
    const auto key = entry.first.as<std::string>();
    if (!known_.count(key)) bad(file_, entry.first.Mark(), path_ + key, "unknown key");
  }
}

}  // namespace headroom::lab
