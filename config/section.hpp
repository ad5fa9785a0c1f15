// What holds by a text that has been checked: the value that is given, or else the table's default.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"
#include "config/tree.hpp"

namespace headroom {

/// One map of a checked tree, perhaps not given at all.
class Section {
 public:
  /// @param tree  nullptr: every value is at its default
  Section(const Tree* tree, const Key& key) : tree_(tree), key_(&key) {}

  /// nullptr: not given.
  const Tree* find(std::string_view name) const;
  Section section(std::string_view name) const { return {find(name), *child_of(*key_, name)}; }
  /// Text of a scalar; of a word, the one that is meant.
  std::string text(std::string_view name) const;
  /// In thousandths of the unit (duration: seconds).
  std::int64_t amount(std::string_view name) const;
  const Key& key() const { return *key_; }

 private:
  const Tree* tree_;
  const Key* key_;
};

/// The items of a list as sections of its key. Empty: nothing given.
std::vector<Section> sections_of(const Tree* list, const Key& key);

}  // namespace headroom
