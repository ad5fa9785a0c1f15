#include "config/in_force.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/classes.hpp"

namespace headroom {
namespace {

std::string value_text(const Tree& tree) {
  std::string out;
  switch (tree.kind) {
    case Tree::Kind::null:
    case Tree::Kind::refused: return "nothing";
    case Tree::Kind::scalar: return tree.text;
    case Tree::Kind::list:
      for (const Tree& item : tree.items) out += (out.empty() ? "" : ", ") + value_text(item);
      return "[" + out + "]";
    case Tree::Kind::map:
      for (const TreeEntry& entry : tree.entries) out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", entry.key, value_text(entry.value));
      return "{" + out + "}";
  }
  return out;
}

enum class Said { in_the_file, by_default };
enum class Which { all, given };

class Walk {
 public:
  Walk(std::string_view file, std::vector<InForce>& out) : file_(file), out_(out) {}

  /// @param tree  nullptr: not given
  void value(const Tree* tree, const Key& key, const std::string& path, Said said) {
    const bool is_map = tree != nullptr && tree->kind == Tree::Kind::map;
    switch (key.form) {
      case Form::map:
        if (!is_map && !key.fallback.empty()) return row(tree, key, path, said);
        return map(tree, key, path, said, Which::all);
      case Form::word_or_map:
        if (!is_map) return row(tree, key, path, said);
        return map(tree, key, path, said, Which::all);
      case Form::maps: return list(tree, key, path, said, Which::all);
      case Form::entries: return list(tree, key, path, said, Which::given);
      case Form::parameters: return parameters(tree, key, path);
      case Form::word: case Form::integer: case Form::truth: case Form::cores: 
      case Form::auto_or_percent: case Form::tenths_of_percent: case Form::duration: case Form::cpu_minutes:
      case Form::cpu_hours_a_day: case Form::mebibytes: case Form::percent_of_node: case Form::below_cores:
      case Form::breaches: case Form::text: case Form::texts: case Form::text_map: case Form::class_name:
      case Form::engines: case Form::pattern: case Form::ports: case Form::globs: case Form::slice: case Form::address:
      case Form::url: return row(tree, key, path, said);
    }
  }

 private:
  void map(const Tree* tree, const Key& key, const std::string& path, Said said, Which which) {
    for (const Key* child : children_of(key)) {
      const Tree* given = find(tree, name_of(*child));
      if (given == nullptr && which == Which::given) continue;
      value(given, *child, fmt::format("{}{}{}", path, path.empty() ? "" : ".", name_of(*child)), said);
    }
  }

  void list(const Tree* tree, const Key& key, const std::string& path, Said said, Which which) {
    const Tree fallback = tree == nullptr ? default_tree(key) : Tree{};
    const Tree& items = tree == nullptr ? fallback : *tree;
    if (items.items.empty()) return row(tree, key, path, said);
    for (std::size_t i = 0; i < items.items.size(); ++i) {
      map(&items.items[i], key, fmt::format("{}[{}]", path, i), tree == nullptr ? Said::by_default : said, which);
    }
  }

  void parameters(const Tree* tree, const Key& key, const std::string& path) {
    if (tree == nullptr) return;
    for (const TreeEntry& entry : tree->entries) row(&entry.value, key, path + "." + entry.key, Said::in_the_file);
  }

  void row(const Tree* tree, const Key& key, const std::string& path, Said said) {
    InForce out;
    out.path = path;
    out.key = &key;
    out.value = tree == nullptr ? std::string(key.fallback) : value_text(*tree);
    if (tree != nullptr && said == Said::in_the_file) out.place = fmt::format("{}:{}:{}", file_, tree->mark.line, tree->mark.column);
    out_.push_back(std::move(out));
  }

  static const Tree* find(const Tree* map, std::string_view name) {
    if (map == nullptr) return nullptr;
    const auto found = std::find_if(map->entries.begin(), map->entries.end(), [name](const TreeEntry& e) { return e.key == name; });
    return found == map->entries.end() ? nullptr : &found->value;
  }

  std::string_view file_;
  std::vector<InForce>& out_;
};

}  // namespace

std::vector<InForce> values_in_force(std::string_view text, std::string_view file) {
  const auto parsed = parse_tree(text, file);
  std::vector<InForce> out;
  Walk(file, out).value(&parsed.root, keys().front(), "", Said::in_the_file);
  return out;
}

}  // namespace headroom
