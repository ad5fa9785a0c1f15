// JSON read strictly, each value with its place: nlohmann itself passes unknown and doubled keys, and true for 1.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroups/types/result.hpp"

namespace headroom::lab {

/// A value and its place in a document that JsonDoc keeps. A getter that does not find what it wants notes that and
/// returns an empty value; only the first fault is told, so reading may go on.
class JsonItem {
 public:
  void wrong(const std::string& why) const;
  /// "want a number, got null"
  void want(std::string_view what) const;

  /// Notes keys that are not among these. @return whether it is an object at all
  bool object(const std::vector<std::string_view>& keys) const;
  bool has(const char* key) const;
  JsonItem at(const char* key) const;
  std::vector<JsonItem> items() const;
  std::vector<std::pair<std::string, JsonItem>> members() const;

  double number() const;                    ///< finite
  double positive() const;                  ///< finite, at least 0
  std::optional<double> maybe() const;      ///< null: nullopt
  std::size_t count(std::size_t low = 0) const;
  int small(int low) const;                 ///< low..1,000,000
  std::string text() const;
  bool yes() const;

 private:
  friend class JsonDoc;
  struct Doc;
  JsonItem(const void* value, std::string where, Doc* doc) : value_(value), where_(std::move(where)), doc_(doc) {}
  std::string place(const std::string& key) const { return where_.empty() ? key : where_ + "." + key; }
  const void* value_;
  std::string where_;
  Doc* doc_;
};

class JsonDoc {
 public:
  /// @param file  named in errors: "x.json: arms[0].step.p95_ms". Errors: malformed (not JSON, a key twice).
  static Result<JsonDoc> parse(std::string_view text, const std::string& file);
  JsonItem root() const;
  /// The first that was noted.
  const std::optional<Error>& fault() const;

 private:
  explicit JsonDoc(std::shared_ptr<JsonItem::Doc> doc) : doc_(std::move(doc)) {}
  std::shared_ptr<JsonItem::Doc> doc_;
};

}  // namespace headroom::lab
