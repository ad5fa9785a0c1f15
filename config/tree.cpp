#include "config/tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "cgroups/types/utf8.hpp"

namespace headroom {
namespace {

Mark mark_of(const YAML::Mark& mark) { return mark.is_null() ? Mark{} : Mark{mark.line + 1, mark.column + 1}; }

/// Ends the parse: what follows would be too deep, or belongs to a second document. (Before a stray `]` yaml-cpp 0.7
/// begins one document after the other without end.)
struct Stop {};

/// A collection that is still open.
struct Open {
  Tree tree;
  std::optional<TreeEntry> entry;   ///< map: key read, value awaited
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view file, ParsedTree& out) : file_(file), out_(out) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ < 2) return;
    fault(mark_of(mark), "", "want one document and nothing behind it");
    throw Stop{};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Tree leaf;
    leaf.mark = mark_of(mark);
    add(checked(std::move(leaf), "", anchor));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    Tree leaf;
    leaf.kind = Tree::Kind::scalar;
    leaf.mark = mark_of(mark);
    leaf.text = value;
    leaf.quoted = tag == "!";
    add(checked(std::move(leaf), tag, anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Tree leaf;
    leaf.kind = Tree::Kind::refused;
    leaf.mark = mark_of(mark);
    fault(leaf.mark, path(), "want a value, got an alias (*): write it out");
    add(std::move(leaf));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Tree::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Tree::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  /// "classes[0].borrow" of what comes next.
  std::string path() const {
    std::string result;
    for (const auto& level : stack_) {
      if (level.tree.kind == Tree::Kind::list) result += fmt::format("[{}]", level.tree.items.size());
      if (level.entry) result += (result.empty() ? "" : ".") + level.entry->key;
    }
    return result;
  }

  void fault(Mark mark, const std::string& path, std::string detail) {
    out_.faults.push_back(Error{Errc::malformed, place(file_, mark, path), std::move(detail)});
  }

 private:
  Tree checked(Tree tree, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) fault(tree.mark, path(), "want a value, got an anchor (&): write it where it is used");
    if (tag.empty() || tag == "?" || tag == "!") return tree;
    fault(tree.mark, path(), fmt::format("want a plain value, got the tag {}", tag.substr(0, 64)));
    tree.kind = Tree::Kind::refused;
    return tree;
  }

  void open(Tree::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    Tree tree;
    tree.kind = kind;
    tree.mark = mark_of(mark);
    if (stack_.size() == kMaxConfigDepth) {
      fault(tree.mark, path(), fmt::format("want at most {} levels", kMaxConfigDepth));
      throw Stop{};
    }
    checked(tree, tag, anchor);
    stack_.push_back(Open{std::move(tree), std::nullopt});
  }

  void close() {
    Tree done = std::move(stack_.back().tree);
    stack_.pop_back();
    add(std::move(done));
  }

  void add(Tree tree) {
    if (stack_.empty()) {
      out_.root = std::move(tree);
      return;
    }
    auto& parent = stack_.back();
    if (parent.tree.kind == Tree::Kind::list) {
      parent.tree.items.push_back(std::move(tree));
    } else if (!parent.entry) {
      add_key(parent, tree);
    } else {
      add_value(parent, std::move(tree));
    }
  }

  void add_key(Open& parent, const Tree& key) {
    parent.entry = TreeEntry{key.text, key.mark, Tree{}};
    if (key.kind == Tree::Kind::scalar) return;
    if (key.kind != Tree::Kind::refused) fault(key.mark, path(), "want a word as key");
    parent.entry->value.kind = Tree::Kind::refused;
  }

  /// The second of two equal keys is reported and its value dropped; so is the value of a key that is none.
  void add_value(Open& parent, Tree value) {
    const auto& entries = parent.tree.entries;
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.key == parent.entry->key; });
    const bool bad_key = parent.entry->value.kind == Tree::Kind::refused;
    if (!bad_key && same != entries.end()) {
      fault(parent.entry->mark, path(), fmt::format("given twice: the first is in line {}", same->mark.line));
    }
    if (!bad_key && same == entries.end()) {
      parent.entry->value = std::move(value);
      parent.tree.entries.push_back(*std::move(parent.entry));
    }
    parent.entry.reset();
  }

  std::string file_;
  ParsedTree& out_;
  std::vector<Open> stack_;
  int documents_ = 0;
};

/// nullopt: fit for the parser.
std::optional<Error> check_bytes(std::string_view text, std::string_view file) {
  if (text.size() > kMaxConfigBytes) {
    return Error{Errc::malformed, place(file, {}, ""), fmt::format("want at most {} bytes, got {}", kMaxConfigBytes, text.size())};
  }
  const auto good = valid_utf8_prefix(text);
  if (good == text.size()) return std::nullopt;
  const auto before = text.substr(0, good);
  const auto line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const Mark mark{static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
                  static_cast<int>(good - line_start) + 1};
  return Error{Errc::malformed, place(file, mark, ""),
               fmt::format("want UTF-8, got the byte 0x{:02x}", static_cast<unsigned char>(text[good]))};
}

}  // namespace

std::string place(std::string_view file, Mark mark, std::string_view path) {
  std::string shown;
  for (const char c : path.substr(0, 200)) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return fmt::format("{}:{}:{}{}{}", file, mark.line, mark.column, shown.empty() ? "" : ": ", shown);
}

ParsedTree parse_tree(std::string_view text, std::string_view file) {
  ParsedTree result;
  if (auto bad = check_bytes(text, file)) {
    result.faults.push_back(*std::move(bad));
    return result;
  }
  Builder builder(file, result);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {   // reported where it was thrown
  } catch (const YAML::Exception& error) {
    const bool surrogate = error.msg.find("nicode") != std::string::npos;
    builder.fault(mark_of(error.mark), "", error.msg + (surrogate ? " (write characters beyond U+FFFF as they are)" : ""));
  }
  return result;
}

}  // namespace headroom
