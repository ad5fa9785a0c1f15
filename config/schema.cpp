#include "config/schema.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "config/keys.hpp"
#include "config/schema_patterns.hpp"

namespace headroom {
namespace {

using json = nlohmann::ordered_json;

json schema_of(const Key& key);

json text_schema(std::string_view pattern) { return {{"type", "string"}, {"pattern", pattern}}; }

json some_text() { return {{"type", "string"}, {"minLength", 1}}; }

json list_of(json items) { return {{"type", "array"}, {"minItems", 1}, {"items", std::move(items)}}; }

json word_schema(const Key& key) {
  json words = json::array();
  for (const auto word : words_of(key)) words.push_back(word);
  for (const auto word : words_of(key)) {   // Helm's toYaml writes them so
    if (word == "off") words.push_back(false);
    if (word == "on") words.push_back(true);
  }
  return {{"enum", words}};
}

json object_schema(const Key& key) {
  json out{{"type", "object"}, {"additionalProperties", false}};
  json required = json::array();
  for (const Key* child : children_of(key)) {
    out["properties"][std::string(name_of(*child))] = schema_of(*child);
    if (child->need == Need::required) required.push_back(name_of(*child));
  }
  if (!required.empty()) out["required"] = required;
  return out;
}

json map_schema(const Key& key) {
  json out = object_schema(key);
  if (!out.contains("required")) out["type"] = {"object", "null"};   // a section whose keys are all commented out
  return out;
}

json items_schema(const Key& key) {
  json out = object_schema(key);
  if (key.form == Form::entries) {
    out["minProperties"] = 1;
    out["dependencies"]["portRange"] = json::array({"dockerName"});
    return list_of(std::move(out));
  }
  if (key.path == "classes") {   // what may borrow cannot be capped as well
    out["not"] = {{"required", {"borrow", "cap"}}, {"properties", {{"borrow", {{"type", "object"}}}}}};
  }
  return {{"type", "array"}, {"items", std::move(out)}};
}

json class_name_schema() {
  json out = text_schema("^[a-z][a-z0-9-]{0,31}$");
  out["not"] = {{"enum", {"none", "system"}}};
  return out;
}

json engines_schema() {
  json ids = json::array();
  for (const auto id : engine_ids()) ids.push_back(id);
  return list_of({{"enum", ids}});
}

json form_schema(const Key& key) {
  const json integer{{"type", "integer"}, {"minimum", key.low}, {"maximum", key.high}};
  switch (key.form) {
    case Form::map: return map_schema(key);
    case Form::maps:
    case Form::entries: return items_schema(key);
    case Form::word: return word_schema(key);
    case Form::word_or_map: return {{"anyOf", {word_schema(key), object_schema(key)}}};
    case Form::integer: return integer;
    case Form::truth: return {{"type", "boolean"}};
    case Form::text: return some_text();
    case Form::texts: return list_of(some_text());
    case Form::text_map: return {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
    case Form::class_name: return class_name_schema();
    case Form::engines: return engines_schema();
    case Form::pattern: return {{"type", "string"}};
    case Form::ports: return {{"type", "array"}, {"minItems", 2}, {"maxItems", 2}, {"items", integer}};
    case Form::globs: return {{"anyOf", {some_text(), list_of(some_text())}}};
    case Form::slice: case Form::address: case Form::url: case Form::cores: case Form::auto_or_percent:
    case Form::tenths_of_percent: case Form::duration: case Form::cpu_minutes: case Form::cpu_hours_a_day:
    case Form::mebibytes: case Form::percent_of_node: case Form::below_cores:
    case Form::breaches: return text_schema(pattern_of(key));
    case Form::parameters: return {{"type", {"object", "null"}}};
  }
  return {};
}

json schema_of(const Key& key) {
  json out = form_schema(key);
  std::string about(key.meaning);
  const bool plain = key.form != Form::map && key.form != Form::maps && key.form != Form::entries;
  if (plain) about += fmt::format(". Want {}", wanted(key));
  if (plain && !key.fallback.empty()) about += fmt::format("; default: {}", key.fallback);
  if (!key.effect.empty()) about += fmt::format(". Not in force in this version: {}", key.effect);
  out["description"] = about;
  return out;
}

/// "0..10000"; a quoted number is one, too. Or a word.
json parameter_schema(const ParamDoc& doc) {
  const std::string about = fmt::format("{}. Want {}; default: {}", doc.meaning, wanted(doc), doc.fallback);
  if (const auto words = words_of(doc); !words.empty()) return {{"enum", words}, {"description", about}};
  json out{{"type", {"integer", "string"}}, {"pattern", doc.range.starts_with('-') ? "^-?[0-9]+$" : "^[0-9]+$"}};
  const auto dots = doc.range.find("..");
  const auto number = [](std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  if (dots != std::string_view::npos) {
    out["minimum"] = number(doc.range.substr(0, dots));
    out["maximum"] = number(doc.range.substr(dots + 2));
  }
  out["description"] = about;
  return out;
}

}  // namespace

std::string config_schema(std::span<const ParamDoc> tuning) {
  json out{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "headroom.yaml"}};
  out.update(schema_of(keys().front()));
  json& parameters = out["properties"]["tuning"];
  parameters["additionalProperties"] = false;
  for (const ParamDoc& doc : tuning) parameters["properties"][std::string(doc.name)] = parameter_schema(doc);
  return out.dump(2) + "\n";
}

}  // namespace headroom
