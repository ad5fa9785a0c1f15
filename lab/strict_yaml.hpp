// Checked getters over yaml-cpp: every key is asked for, or it is an error with its place.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cgroups/types/result.hpp"
#include "cgroups/types/units.hpp"

namespace headroom::lab {

/// Thrown by the getters, caught in parse_scenario(): never leaves the reader.
struct BadScenario {
  Error error;
};

/// A YAML map of which every key has to be consumed. Throws BadScenario.
class StrictMap {
 public:
  StrictMap(YAML::Node node, std::string file, std::string path);

  std::string text(const std::string& key);
  std::string text_or(const std::string& key, const std::string& fallback);
  std::vector<std::string> texts_or_none(const std::string& key);
  long integer_or(const std::string& key, long fallback, long low, long high);
  double number_or(const std::string& key, double fallback, double low, double high);
  nanoseconds time_or(const std::string& key, nanoseconds fallback);     ///< "500us", "75ms", "3s"
  std::optional<MilliCpu> cores_or_none(const std::string& key);         ///< "500m", "2"
  StrictMap map(const std::string& key);
  std::vector<StrictMap> maps(const std::string& key);
  std::vector<StrictMap> maps_or_none(const std::string& key);

  template <class T>
  using Words = std::vector<std::pair<const char*, T>>;
  template <class T>
  T word(const std::string& key, const Words<T>& words) {
    const auto got = text(key);
    std::string all;
    for (const auto& [name, value] : words) {
      if (got == name) return value;
      all += all.empty() ? name : std::string(" | ") + name;
    }
    refuse(key, "want " + all + ", got '" + got + "'");
  }
  template <class T>
  T word_or(const std::string& key, const Words<T>& words, T fallback) {
    return has(key) ? word(key, words) : fallback;
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& why) const;
  void done() const;           ///< every key was asked for, or the first that was not is the error

 private:
  bool has(const std::string& key);
  std::optional<std::string> scalar(const std::string& key);

  YAML::Node node_;
  std::string file_, path_;
  std::set<std::string> known_;
};

}  // namespace headroom::lab
