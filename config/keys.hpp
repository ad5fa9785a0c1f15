// Every key of the configuration, said once: messages, `config explain`, the JSON Schema and the defaults come from here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// What a value has to look like.
enum class Form {
  map,            ///< of the keys below it; nothing at all counts as an empty one
  maps,           ///< a list of such maps
  entries,        ///< a list of such maps, neither it nor any of them empty
  word,           ///< one of a few
  word_or_map,
  integer,        ///< bare
  truth,          ///< true or false, bare
  cores, auto_or_percent, tenths_of_percent, duration, cpu_minutes, cpu_hours_a_day, mebibytes,
  percent_of_node, below_cores, breaches,
  text,           ///< not empty; what YAML takes for a number or a truth needs quotes
  texts,          ///< a list of them, not empty
  text_map,       ///< of words of somebody else's to texts
  class_name, engines, pattern, ports,
  globs,          ///< one, or a list of them
  slice, address, url,
  parameters      ///< of the policy, which documents them itself
};

enum class Need { optional, required };

struct Key {
  std::string_view path;      ///< "classes[].borrow.upTo"; "" is the file itself
  Form form = Form::map;
  std::string_view want;      ///< word: "off | on", empty: a registered policy; an amount: an example; else what a message says that it wants
  std::string_view fallback;  ///< as one would write it; "" for a map: that of its keys
  std::string_view meaning;
  std::int64_t low = 0, high = 0;   ///< of amounts, in thousandths of the unit (duration: seconds); of integer: plain
  std::string_view effect = {};     ///< not in force in this version, and what that means; empty: in force
  Need need = Need::optional;
};

/// In the order of the documentation; the first is the file itself.
std::span<const Key> keys();

/// @param path  with or without indices: "classes[0].borrow.upTo", "classes.borrow.upTo". nullptr: no such key.
/// The four sources share the keys "sources.*.address" and so on.
const Key* find_key(std::string_view path);

/// nullptr: none of that name.
const Key* child_of(const Key& parent, std::string_view name);
std::vector<const Key*> children_of(const Key& parent);
std::vector<std::string_view> child_names(const Key& parent);

/// "upTo" of "classes[].borrow.upTo".
std::string_view name_of(const Key& key);

/// "off", "on" of "off | on"; policies/registry.def is the list of policies.
std::vector<std::string_view> words_of(const Key& key);

/// What a message says: `0.1..64 cores ("8 cores")`, `off | observe | enforce`, `a map of level, format`.
std::string wanted(const Key& key);

/// 12'500 -> "12.5".
std::string thousandths_text(std::int64_t thousandths);

/// Ids of the recognition table, which classes[].match[].engine may name.
std::span<const std::string_view> engine_ids();

}  // namespace headroom
