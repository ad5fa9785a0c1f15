#include "config/field.hpp"

#include <algorithm>

namespace headroom {
namespace {

std::string shown(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::null:
    case Tree::Kind::refused: return "nothing";
    case Tree::Kind::list: return "a list";
    case Tree::Kind::map: return "a map";
    case Tree::Kind::scalar: break;
  }
  constexpr std::size_t kShown = 80;
  std::string text;
  for (const char c : tree.text.substr(0, kShown)) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return fmt::format("\"{}\"{}", text, tree.text.size() > kShown ? "..." : "");
}

}  // namespace

std::string Field::place_text() const { return place(findings_->file, tree_->mark, path_); }

void Field::fault(std::string detail) const {
  findings_->faults.push_back(Error{Errc::malformed, place_text(), std::move(detail)});
}

void Field::wrong(std::string_view wanted, std::string_view hint) const {
  if (tree_->kind == Tree::Kind::refused) return;   // reported already
  fault(fmt::format("want {}, got {}{}", wanted, shown(*tree_), hint.empty() ? "" : fmt::format("; did you mean {}?", hint)));
}

void Field::not_in_force(std::string_view key, std::string_view effect) const {
  if (!findings_->named.insert(std::string(key)).second) return;
  findings_->warnings.push_back(fmt::format("{}: {} is not in force in this version: {}", place_text(), key, effect));
}

std::optional<std::string> Field::scalar(std::string_view wanted) const {
  if (tree_->kind == Tree::Kind::scalar) return tree_->text;
  wrong(wanted);
  return std::nullopt;
}

std::vector<Field> Field::items(std::string_view wanted) const {
  std::vector<Field> result;
  if (tree_->kind != Tree::Kind::list) wrong(wanted);
  for (std::size_t i = 0; i < tree_->items.size(); ++i) {
    result.emplace_back(tree_->items[i], fmt::format("{}[{}]", path_, i), *findings_);
  }
  return result;
}

std::vector<std::pair<std::string, Field>> Field::entries(std::string_view wanted) const {
  std::vector<std::pair<std::string, Field>> result;
  if (tree_->kind != Tree::Kind::map && tree_->kind != Tree::Kind::null) wrong(wanted);
  for (const auto& entry : tree_->entries) {
    const auto path = path_.empty() ? entry.key : fmt::format("{}.{}", path_, entry.key);
    result.emplace_back(entry.key, Field(entry.value, path, *findings_));
  }
  return result;
}

Map Field::map(std::initializer_list<std::string_view> known) const { return map(std::span(known.begin(), known.size())); }

Map Field::map(std::span<const std::string_view> known) const {
  auto fields = entries(fmt::format("a map of {}", fmt::join(known, ", ")));
  for (const auto& entry : tree_->entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    const auto hint = nearest(entry.key, known);
    const auto path = path_.empty() ? entry.key : fmt::format("{}.{}", path_, entry.key);
    const auto detail = hint.empty() ? fmt::format("unknown key, want one of {}", fmt::join(known, ", "))
                                     : fmt::format("unknown key; did you mean {}?", hint);
    findings_->faults.push_back(Error{Errc::malformed, place(findings_->file, entry.mark, path), detail});
  }
  return Map(std::move(fields));
}

std::optional<Field> Map::get(std::string_view key) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [key](const auto& field) { return field.first == key; });
  return found == fields_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace headroom
