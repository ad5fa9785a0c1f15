#include "agent/config_json.hpp"

#include <nlohmann/json.hpp>

namespace headroom {

using nlohmann::json;

std::string config_json(const ConfigReport& config, const Loaded& in_force, const Report* report) {
  json overrides = json::array();
  for (const Override& o : in_force.overrides) overrides.push_back({{"path", o.path}, {"value", o.value}, {"from", o.from}});
  const json out{{"file", config.file},     {"text", in_force.text},
                 {"hash", config.hash},     {"generation", config.generation},
                 {"faults", config.faults}, {"overrides", overrides},
                 {"mode", report == nullptr ? "" : report->mode}, {"modeReason", report == nullptr ? "" : report->mode_reason}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

ConfigAnswer parse_config_json(std::string_view body) {
  const json in = json::parse(body);
  ConfigAnswer out;
  out.file = in.at("file").get<std::string>();
  out.text = in.at("text").get<std::string>();
  for (const json& o : in.at("overrides")) out.overrides.push_back({o.at("path").get<std::string>(), o.at("value").get<std::string>(), o.at("from").get<std::string>()});
  out.mode = in.at("mode").get<std::string>();
  out.mode_reason = in.at("modeReason").get<std::string>();
  return out;
}

}  // namespace headroom
