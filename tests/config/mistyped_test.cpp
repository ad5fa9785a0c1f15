// Every value of the sample, mistyped: one message, at its place.
#include <gtest/gtest.h>

#include <fstream>

#include "config/config.hpp"
#include "config/tree.hpp"

namespace headroom {
namespace {

/// The text under `headroom.yaml: |` of the sample.
std::vector<std::string> sample_lines() {
  std::ifstream file(HEADROOM_SOURCE_DIR "/tests/golden/configmap-headroom.yaml");
  std::vector<std::string> lines;
  std::string line;
  bool inside = false;
  while (std::getline(file, line)) {
    if (inside) lines.push_back(line.size() > 4 ? line.substr(4) : "");
    if (line == "  headroom.yaml: |") inside = true;
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

struct Value {
  std::string path;
  Mark mark;
  std::size_t length = 0;   ///< of its text, quotes included
};

void collect(const Tree& tree, const std::string& path, const std::vector<std::string>& lines, std::vector<Value>& out) {
  for (std::size_t i = 0; i < tree.items.size(); ++i) collect(tree.items[i], path + "[" + std::to_string(i) + "]", lines, out);
  for (const auto& entry : tree.entries) collect(entry.value, path + (path.empty() ? "" : ".") + entry.key, lines, out);
  if (tree.kind != Tree::Kind::scalar) return;
  const auto& line = lines[static_cast<std::size_t>(tree.mark.line) - 1];
  const auto at = static_cast<std::size_t>(tree.mark.column) - 1;
  const auto length = tree.quoted ? line.find('"', at + 1) - at + 1 : tree.text.size();
  out.push_back({path, tree.mark, length});
}

TEST(Mistyped, EveryValueOfTheSampleGivesOneMessageAtItsPlace) {
  const auto lines = sample_lines();
  const auto parsed = parse_tree(joined(lines), "headroom.yaml");
  std::vector<Value> values;
  collect(parsed.root, "", lines, values);
  ASSERT_GE(values.size(), 55U);
  for (const auto& value : values) {
    // No value is a list or a map of such; none is half a number, none is nothing, none is this word with a blank.
    for (const std::string mistyped : {"[x, y]", "{x: y}", "17.5", "~", "\"\\x01\"", "[]", "{}"}) {
      const bool word_of_somebody_else = mistyped[0] == '"' && value.path.find('[') != std::string::npos;
      const bool map_of_its_own = mistyped[0] == '{' && value.path.ends_with(".borrow");
      if (word_of_somebody_else || map_of_its_own) continue;   // a label, a namespace, a pattern may be anything
      auto changed = lines;
      auto& line = changed[static_cast<std::size_t>(value.mark.line) - 1];
      line.replace(static_cast<std::size_t>(value.mark.column) - 1, value.length, mistyped);
      const auto config = parse_config(joined(changed), "headroom.yaml");
      ASSERT_FALSE(config) << value.path << ": " << mistyped;
      ASSERT_EQ(config.error().size(), 1U) << value.path << ": " << mistyped << " -> " << config.error()[1].where << config.error()[1].detail;
      EXPECT_EQ(config.error()[0].where, place("headroom.yaml", value.mark, value.path)) << mistyped;
    }
  }
}

}  // namespace
}  // namespace headroom
