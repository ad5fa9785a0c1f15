// Checked getters: every value that is taken from the text has its place, and every fault is kept until the end.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroups/types/nearest.hpp"
#include "config/tree.hpp"

namespace headroom {

/// What has been found wrong so far, and what is right but not in force.
struct Findings {
  std::string file;
  std::vector<Error> faults;
  std::vector<std::string> warnings;
  std::set<std::string, std::less<>> named;   ///< keys that were warned of already: once each
};

/// One value with its place.
class Field {
 public:
  Field(const Tree& tree, std::string path, Findings& findings) : tree_(&tree), path_(std::move(path)), findings_(&findings) {}

  void fault(std::string detail) const;
  /// `want WANTED, got "…"`, also "got a list" and so on.
  void wrong(std::string_view wanted, std::string_view hint = "") const;
  /// Valid and not in force: `PLACE: KEY is not in force in this version: EFFECT`. Once for each key.
  void not_in_force(std::string_view key, std::string_view effect) const;

  /// The text of a scalar; a fault and nullopt for anything else.
  std::optional<std::string> scalar(std::string_view wanted) const;
  /// The values of a list; a fault for anything else.
  std::vector<Field> items(std::string_view wanted) const;
  /// Key and value of a map (empty if nothing stands there); a fault for anything else.
  std::vector<std::pair<std::string, Field>> entries(std::string_view wanted) const;
  /// The same, by key; every key that is not `known` is a fault at the key.
  class Map map(std::initializer_list<std::string_view> known) const;
  class Map map(std::span<const std::string_view> known) const;

  const std::string& path() const { return path_; }
  const Tree& tree() const { return *tree_; }
  Mark mark() const { return tree_->mark; }
  bool is_map() const { return tree_->kind == Tree::Kind::map; }
  bool is_list() const { return tree_->kind == Tree::Kind::list; }
  bool is_quoted() const { return tree_->quoted; }
  std::string place_text() const;

 private:
  const Tree* tree_;
  std::string path_;
  Findings* findings_;
};

class Map {
 public:
  explicit Map(std::vector<std::pair<std::string, Field>> fields) : fields_(std::move(fields)) {}
  std::optional<Field> get(std::string_view key) const;
  const std::vector<std::pair<std::string, Field>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, Field>> fields_;
};

/// Takes a scalar by `parse` (text -> optional) into `out`. An absent field leaves `out` alone.
template <class T, class Parse>
void read(const std::optional<Field>& field, std::string_view wanted, Parse parse, T& out) {
  if (!field) return;
  const auto text = field->scalar(wanted);
  if (!text) return;
  if (auto value = parse(std::string_view(*text))) {
    out = *std::move(value);
    return;
  }
  field->wrong(wanted);
}

template <class T>
using Words = std::initializer_list<std::pair<std::string_view, T>>;

/// Takes one of a few words.
template <class T>
void read_word(const std::optional<Field>& field, Words<T> words, T& out) {
  if (!field) return;
  std::vector<std::string_view> known;
  for (const auto& [word, value] : words) known.push_back(word);
  const auto wanted = fmt::format("{}", fmt::join(known, known.size() == 2 ? " or " : " | "));
  const auto text = field->scalar(wanted);
  if (!text) return;
  for (const auto& [word, value] : words) {
    if (word != *text) continue;
    out = value;
    return;
  }
  field->wrong(wanted, nearest(*text, known));
}

}  // namespace headroom
