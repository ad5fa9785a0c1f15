#include "config/check.hpp"

#include <algorithm>

#include "config/contradictions.hpp"
#include "config/forms.hpp"

namespace headroom {
namespace {

void check(const Field& field, const Key& key);

/// Who asks for nothing need not be told that he will not get it.
bool asks_for_nothing(const Tree& tree, const Key& key) {
  if (tree.kind == Tree::Kind::scalar) return word_of(key, tree) == "off" || word_of(key, tree) == "ignore";
  if (tree.kind != Tree::Kind::map) return false;
  return std::all_of(tree.entries.begin(), tree.entries.end(), [&](const TreeEntry& entry) {
    const Key* child = child_of(key, entry.key);
    return child != nullptr && asks_for_nothing(entry.value, *child);
  });
}

/// "match.engine", "cap".
std::string label_of(const Key& key) {
  constexpr std::string_view kMatch = "classes[].match[].";
  return fmt::format("{}{}", key.path.starts_with(kMatch) ? "match." : "", name_of(key));
}

bool wants_text(Form form) {
  return form == Form::text || form == Form::texts || form == Form::text_map || form == Form::globs || form == Form::pattern ||
         form == Form::class_name;
}

bool wants_bare(Form form) { return form == Form::integer || form == Form::truth || form == Form::ports; }

std::string_view near_miss(const Key& key, std::string_view text) {
  if (key.form == Form::engines) return nearest(text, engine_ids());
  return key.form == Form::word || key.form == Form::word_or_map ? nearest(text, words_of(key)) : std::string_view{};
}

void check_scalar(const Field& field, const Key& key, const std::string& want) {
  const auto text = field.scalar(want);
  if (!text || has_form(key, field.tree())) return;
  if (wants_text(key.form) && !is_text(field.tree())) {
    return field.fault(fmt::format("want {}, got {}, which is no text in YAML: put it in quotes", want, *text));
  }
  if (wants_bare(key.form) && field.is_quoted()) return field.fault(fmt::format("want {}, got a text: write it without quotes", want));
  if (key.form == Form::pattern) return field.fault(fmt::format("want {}, got {}", want, groups_of_pattern(*text).error().detail));
  if (key.form == Form::class_name && (*text == "none" || *text == "system")) {
    return field.fault(fmt::format("want another name: {} is what groups are called that no class names", *text));
  }
  field.wrong(want, near_miss(key, *text));
}

std::string item_wanted(const Key& key) {
  if (key.form == Form::engines) return fmt::format("one of {}", fmt::join(engine_ids(), ", "));
  if (key.form == Form::ports) return "a port of 1..65535";
  return key.form == Form::globs ? std::string(key.want) : "a word";
}

/// A list of scalars, not empty.
void check_list(const Field& field, const Key& key) {
  const auto items = field.items(wanted(key));
  if (field.is_list() && items.empty()) return field.fault(fmt::format("want {}, got an empty list", wanted(key)));
  if (field.is_list() && key.form == Form::ports && items.size() != 2) {
    return field.fault(fmt::format("want {}, got a list of {}", wanted(key), items.size()));
  }
  for (const Field& item : items) check_scalar(item, key, item_wanted(key));
}

void check_map(const Field& field, const Key& key) {
  const auto names = child_names(key);
  const auto map = field.map(names);
  for (const auto& [name, value] : map.fields()) {
    if (const Key* child = child_of(key, name)) check(value, *child);
  }
  for (const Key* child : children_of(key)) {
    const bool missing = field.is_map() && child->need == Need::required && !map.get(name_of(*child));
    if (missing) field.fault(fmt::format("want the key {}: {}", name_of(*child), wanted(*child)));
  }
}

/// Where nothing at all is no empty map: in a list, and beside words.
void check_given_map(const Field& field, const Key& key) {
  if (field.is_map()) return check_map(field, key);
  field.wrong(fmt::format("a map of {}", fmt::join(child_names(key), ", ")));
}

void check_maps(const Field& field, const Key& key) {
  const auto items = field.items(key.want);
  if (field.is_list() && items.empty() && key.form == Form::entries) field.fault("want at least one entry, got an empty list");
  for (const Field& item : items) {
    if (item.is_map() && item.tree().entries.empty() && key.form == Form::entries) {
      item.fault(fmt::format("want an entry with a key ({}), got an empty one", fmt::join(child_names(key), ", ")));
      continue;
    }
    check_given_map(item, key);
  }
}

void check_text_map(const Field& field, const Key& key) {
  if (!field.is_map()) return field.wrong(wanted(key));
  for (const auto& [name, value] : field.entries(wanted(key))) check_scalar(value, key, "a word");
}

void check(const Field& field, const Key& key) {
  switch (key.form) {
    case Form::map: {
      const bool needs = !children_of(key).empty() && children_of(key).front()->need == Need::required;
      if (needs) check_given_map(field, key);
      else check_map(field, key);
      break;
    }
    case Form::maps:
    case Form::entries: check_maps(field, key); break;
    case Form::word_or_map:
      if (field.is_map()) check_map(field, key);
      else check_scalar(field, key, wanted(key));
      break;
    case Form::texts:
    case Form::engines:
    case Form::ports: check_list(field, key); break;
    case Form::globs:
      if (field.is_list()) check_list(field, key);
      else check_scalar(field, key, wanted(key));
      break;
    case Form::text_map: check_text_map(field, key); break;
    case Form::parameters:
      for (const auto& [name, value] : field.entries(wanted(key))) value.scalar("a value");
      break;
    case Form::word: case Form::integer: case Form::truth: case Form::cores: case Form::auto_or_percent:
    case Form::tenths_of_percent: case Form::duration: case Form::cpu_minutes: case Form::cpu_hours_a_day:
    case Form::mebibytes: case Form::percent_of_node: case Form::below_cores: case Form::breaches: case Form::text:
    case Form::class_name: case Form::pattern: case Form::slice: case Form::address: case Form::url:
      check_scalar(field, key, wanted(key));
      break;
  }
  if (!key.effect.empty() && !asks_for_nothing(field.tree(), key)) field.not_in_force(label_of(key), key.effect);
}

}  // namespace

void check_text(const Field& root) {
  check(root, keys().front());
  check_contradictions(root);
}

}  // namespace headroom
