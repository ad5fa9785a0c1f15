#include "config/section.hpp"

#include <algorithm>

#include "config/forms.hpp"

namespace headroom {

const Tree* Section::find(std::string_view name) const {
  if (tree_ == nullptr) return nullptr;
  const auto found = std::find_if(tree_->entries.begin(), tree_->entries.end(), [name](const TreeEntry& e) { return e.key == name; });
  return found == tree_->entries.end() ? nullptr : &found->value;
}

std::string Section::text(std::string_view name) const {
  const Key& key = *child_of(*key_, name);
  const Tree* given = find(name);
  if (given == nullptr) return std::string(key.fallback);
  const auto word = key.form == Form::word || key.form == Form::word_or_map ? word_of(key, *given) : std::nullopt;
  return word ? std::string(*word) : given->text;
}

std::int64_t Section::amount(std::string_view name) const {
  return amount_of(*child_of(*key_, name), text(name)).value_or(0);
}

std::vector<Section> sections_of(const Tree* list, const Key& key) {
  std::vector<Section> result;
  if (list == nullptr) return result;
  for (const Tree& item : list->items) result.emplace_back(&item, key);
  return result;
}

}  // namespace headroom
