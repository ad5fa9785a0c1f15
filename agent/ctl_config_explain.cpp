#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "agent/ctl_config.hpp"
#include "agent/ctl_text.hpp"
#include "config/config.hpp"
#include "config/field.hpp"
#include "config/in_force.hpp"

namespace headroom {
namespace {

using json = nlohmann::ordered_json;

/// One value, with what is said of its key.
struct Row {
  std::string path, value, from;
  std::string key, meaning, want, fallback, effect;
  std::string unless;   ///< what comes before the value, here and there; empty: nothing does
};

bool is_section(const Key& key) { return key.form == Form::map || key.form == Form::maps || key.form == Form::entries; }

Row row_of(const Key& key) {
  return {std::string(key.path), "", "", std::string(key.path), std::string(key.meaning), wanted(key), std::string(key.fallback),
          std::string(key.effect), ""};
}

Row row_of(const ParamDoc& doc, std::string_view policy) {
  Row row;
  row.key = row.path = fmt::format("tuning.{}", doc.name);
  row.meaning = fmt::format("{} (a parameter of policy {})", doc.meaning, policy);
  row.want = wanted(doc);
  row.fallback = std::string(doc.fallback);
  return row;
}

/// Parameters: those of the policy in force, or of all where that is not known.
std::vector<Row> parameter_rows(const std::vector<InForce>& given, std::optional<std::string> policy) {
  std::vector<Row> rows;
  for (const std::string_view name : policy ? std::vector<std::string_view>{*policy} : policy_names(PolicyUse::production)) {
    for (const ParamDoc& doc : policy_docs(name)) {
      Row row = row_of(doc, name);
      if (policy) {
        const auto said = std::find_if(given.begin(), given.end(), [&](const InForce& v) { return v.path == row.path; });
        row.value = said == given.end() ? row.fallback : said->value;
        row.from = said == given.end() ? fmt::format("policy {}", name) : said->place;
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string effect_on(const Key& key) {
  for (std::string_view path = key.path; !path.empty(); path = path.substr(0, path.rfind('.') == std::string_view::npos ? 0 : path.rfind('.'))) {
    const Key* above = find_key(path);
    if (above != nullptr && !above->effect.empty()) return std::string(above->effect);
  }
  return {};
}

const Override* override_of(const Explained& what, std::string_view path) {
  const auto found = std::find_if(what.overrides.begin(), what.overrides.end(), [path](const Override& o) { return o.path == path; });
  return found == what.overrides.end() ? nullptr : &*found;
}

/// Where pods may ask for a ceiling of their own.
void name_the_annotation(std::vector<Row>& rows) {
  constexpr std::string_view kMost = "annotations.headroom.io/up-to.max";
  const auto most = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.path == kMost; });
  if (most == rows.end() || most->value.empty()) return;
  for (Row& row : rows)
    if (row.key == "classes[].borrow.upTo") row.unless = fmt::format("a pod's annotation headroom.io/up-to says otherwise, up to {} ({})", most->value, most->from);
}

std::vector<Row> rows_in_force(const Explained& what) {
  const auto values = values_in_force(what.text, what.file);
  const auto config = parse_config(what.text, what.file);
  const Override* policy = override_of(what, "policy");
  std::vector<Row> rows;
  for (const InForce& value : values) {
    if (value.key->form == Form::parameters) continue;
    Row row = row_of(*value.key);
    row.path = value.path;
    row.value = value.value;
    row.from = value.place.empty() ? "built-in default" : value.place;
    row.effect = effect_on(*value.key);
    rows.push_back(std::move(row));
  }
  const auto parameters = parameter_rows(values, policy != nullptr ? policy->value : config ? config->policy : "headroom");
  rows.insert(rows.end(), parameters.begin(), parameters.end());
  for (Row& row : rows) {
    const Override* other = override_of(what, row.path);
    if (other == nullptr) continue;
    row.value = other->value;
    row.from = other->from;
  }
  name_the_annotation(rows);
  return rows;
}

/// Every key that holds a value, without one.
std::vector<Row> rows_of_the_table() {
  std::vector<Row> rows;
  for (const Key& key : keys()) {
    if (is_section(key) || key.form == Form::parameters) continue;
    rows.push_back(row_of(key));
    rows.back().effect = effect_on(key);
  }
  const auto parameters = parameter_rows({}, std::nullopt);
  rows.insert(rows.end(), parameters.begin(), parameters.end());
  return rows;
}

std::string plain(std::string_view path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    inside = (inside || c == '[') && c != ']';
    if (!inside && c != ']') out += c;
  }
  return out;
}

/// "classes[1]" asks for the second class alone, "classes" for all of them, "sources.docker.ca" for the shared key.
bool asked_for(const Row& row, std::string_view path) {
  const auto begins = [](std::string_view text, std::string_view with) {
    return text == with || (text.starts_with(with) && (text[with.size()] == '.' || text[with.size()] == '['));
  };
  const bool indexed = path.find('[') != std::string_view::npos && path.find("[]") == std::string_view::npos;
  if (begins(row.path, path) || begins(row.key, path)) return true;
  const Key* key = find_key(path);
  if (key != nullptr && !is_section(*key) && row.key == key->path && !indexed) return true;
  return !indexed && begins(plain(row.path), plain(path));
}

std::string no_such_key(std::string_view path) {
  std::vector<std::string> known;
  for (const Key& key : keys()) known.emplace_back(key.path);
  for (const std::string_view policy : policy_names(PolicyUse::production))
    for (const ParamDoc& doc : policy_docs(policy)) known.push_back(fmt::format("tuning.{}", doc.name));
  std::vector<std::string> ends;
  for (const auto& key : known) {
    const auto name = key.substr(key.rfind('.') + 1);
    const std::string_view words[] = {name};
    if (name == path || (!nearest(path, words).empty() && path.size() > 2)) ends.push_back(key);
  }
  std::vector<std::string> bare;
  for (const auto& key : known) bare.push_back(plain(key));
  const std::vector<std::string_view> views(bare.begin(), bare.end());
  const auto near = nearest(plain(path), views);
  if (ends.empty() && !near.empty()) ends.emplace_back(near);
  const auto hint = ends.empty() ? "; headroomctl config explain shows all" : fmt::format("; did you mean {}?", fmt::join(ends, ", "));
  return fmt::format("{}: no such key{}", path, hint);
}

std::string overview(const std::vector<Row>& rows) {
  std::size_t key_width = 3, value_width = 8;
  constexpr std::size_t kWidest = 40;
  const auto shown = [](const std::string& text) { return text.size() > kWidest ? ctl::clean(text.substr(0, kWidest - 3)) + "..." : ctl::clean(text); };
  for (const Row& row : rows) {
    key_width = std::max(key_width, row.path.size());
    value_width = std::max(value_width, shown(row.value).size());
  }
  std::string out = fmt::format("{:{}}  {:{}}  FROM\n", "KEY", key_width, "IN FORCE", value_width);
  for (const Row& row : rows) {
    out += fmt::format("{:{}}  {:{}}  {}{}\n", ctl::clean(row.path), key_width, shown(row.value), value_width, ctl::clean(row.from),
                       row.effect.empty() || row.from == "built-in default" ? "" : "  (not in force in this version)");
  }
  return out + "\nheadroomctl config explain KEY says what one of them means.\n";
}

/// Rows of one key: what it means, then each of its values.
std::string block(const std::vector<Row>& rows) {
  const Row& key = rows.front();
  std::string out = fmt::format("{}\n  {}\n  want      {}\n", key.key, key.meaning, key.want);
  if (!key.fallback.empty()) out += fmt::format("  default   {}\n", key.fallback);
  for (const Row& row : rows) {
    if (row.from.empty()) continue;
    const std::string where = row.path == row.key ? "" : ctl::clean(row.path) + ": ";
    out += fmt::format("  in force  {}{}  ({})\n", where, ctl::clean(row.value), ctl::clean(row.from));
  }
  if (!key.unless.empty()) out += fmt::format("  unless    {}\n", ctl::clean(key.unless));
  if (!key.effect.empty()) out += fmt::format("  checked, and not in force in this version: {}\n", key.effect);
  return out;
}

std::string blocks(std::vector<Row> rows) {
  std::string out;
  while (!rows.empty()) {
    const std::string key = rows.front().key;
    std::vector<Row> of_one;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(of_one), [&](const Row& row) { return row.key == key; });
    std::erase_if(rows, [&](const Row& row) { return row.key == key; });
    out += (out.empty() ? "" : "\n") + block(of_one);
  }
  return out;
}

std::string as_json(const std::vector<Row>& rows) {
  json out = json::array();
  for (const Row& row : rows) {
    json one{{"path", row.path}, {"key", row.key}, {"meaning", row.meaning}, {"want", row.want}, {"default", row.fallback}};
    if (!row.from.empty()) {
      one["value"] = row.value;
      one["from"] = row.from;
    }
    if (!row.unless.empty()) one["unless"] = row.unless;
    if (!row.effect.empty()) one["notInForce"] = row.effect;
    out.push_back(std::move(one));
  }
  return json{{"keys", out}}.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

Explanation explain_config(const Explained& what, std::string_view path, ExplainAs as) {
  const bool known = what.values == Explained::Values::known;
  std::vector<Row> rows = known ? rows_in_force(what) : rows_of_the_table();
  if (!path.empty()) {
    // What nobody gives in a list (a match's key) has no value in force, and is explained all the same.
    if (known) {
      for (Row& row : rows_of_the_table()) {
        const auto same = [&](const Row& other) { return other.key == row.key; };
        const bool parameter = row.key.starts_with("tuning.");
        if (!parameter && std::none_of(rows.begin(), rows.end(), same)) rows.push_back(std::move(row));
      }
    }
    std::erase_if(rows, [&](const Row& row) { return !asked_for(row, path); });
    const Key* key = find_key(path);
    if (rows.empty() && !(key != nullptr && key->form == Form::parameters)) return {"", no_such_key(path)};
  }
  Explanation result;
  if (as == ExplainAs::json) return {as_json(rows), ""};
  if (!path.empty() || !known) result.out = blocks(std::move(rows));
  else result.out = overview(rows);
  if (result.out.empty()) result.out = "The policy in force has no parameters.\n";
  if (!what.note.empty() && (path.empty() || path == "mode")) result.out += what.note + "\n";
  return result;
}

}  // namespace headroom
