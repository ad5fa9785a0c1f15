// YAML text as a plain tree in which everything knows its line and column. Knows nothing of our keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cgroups/types/result.hpp"

namespace headroom {

/// 1-based.
struct Mark {
  int line = 1;
  int column = 1;
};

struct TreeEntry;

struct Tree {
  enum class Kind {
    null,     ///< nothing, ~ or null
    scalar,
    list,
    map,
    refused   ///< a fault has been reported for it already
  };
  Kind kind = Kind::null;
  Mark mark;
  std::string text;                  ///< scalar
  bool quoted = false;               ///< scalar
  std::vector<Tree> items;           ///< list
  std::vector<TreeEntry> entries;    ///< map, keys unique, in the order of the text
};

struct TreeEntry {
  std::string key;
  Mark mark;
  Tree value;
};

struct ParsedTree {
  Tree root;
  std::vector<Error> faults;
};

constexpr std::size_t kMaxConfigBytes = 1 << 20;
constexpr std::size_t kMaxConfigDepth = 32;

/// "headroom.yaml:15:20: classes[0].borrow.upTo", or without the last part if `path` is empty. Long or unprintable keys
/// are cut and cleaned: they come from the text.
std::string place(std::string_view file, Mark mark, std::string_view path);

/// Refuses what a YAML library lets pass: duplicate keys, second documents, anchors, aliases, tags, keys that are no
/// scalars, more than kMaxConfigDepth levels, more than kMaxConfigBytes, bytes that are not UTF-8. JSON is YAML.
/// Every fault has code malformed. After one of syntax or depth the tree ends there.
ParsedTree parse_tree(std::string_view text, std::string_view file);

}  // namespace headroom
