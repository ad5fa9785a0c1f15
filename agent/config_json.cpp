#include "agent/config_json.hpp"

#include <nlohmann/json.hpp>

#include "agent/names.hpp"

namespace headroom {

using nlohmann::json;

std::string config_json(const ConfigReport& config, const std::string& text, std::optional<Mode> mode_option, const Report* report) {
  json command_line = json::object();
  if (mode_option) command_line["mode"] = word(*mode_option);
  const json out{{"file", config.file},     {"text", text},
                 {"hash", config.hash},     {"generation", config.generation},
                 {"faults", config.faults}, {"commandLine", command_line},
                 {"mode", report == nullptr ? "" : report->mode}, {"modeReason", report == nullptr ? "" : report->mode_reason}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

ConfigAnswer parse_config_json(std::string_view body) {
  const json in = json::parse(body);
  ConfigAnswer out;
  out.file = in.at("file").get<std::string>();
  out.text = in.at("text").get<std::string>();
  out.mode_option = in.at("commandLine").value("mode", "");
  out.mode = in.at("mode").get<std::string>();
  out.mode_reason = in.at("modeReason").get<std::string>();
  return out;
}

}  // namespace headroom
