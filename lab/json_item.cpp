#include "lab/json_item.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

namespace headroom::lab {

using nlohmann::json;

struct JsonItem::Doc {
  std::string file;
  json root;
  std::optional<Error> fault{};
};

namespace {

const json& of(const void* value) { return *static_cast<const json*>(value); }

/// The key that an object has twice; empty: none.
class Doubled {
 public:
  bool operator()(int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) open_.emplace_back();
    if (event == json::parse_event_t::object_end) open_.pop_back();
    if (event != json::parse_event_t::key || open_.back().insert(parsed.get<std::string>()).second) return true;
    if (first.empty()) first = parsed.get<std::string>();
    return true;
  }
  std::string first;

 private:
  std::vector<std::set<std::string>> open_;
};

}  // namespace

void JsonItem::wrong(const std::string& why) const {
  if (doc_->fault) return;
  doc_->fault = Error{Errc::malformed, where_.empty() ? doc_->file : doc_->file + ": " + where_, why};
}

void JsonItem::want(std::string_view what) const {
  const auto text = of(value_).dump(-1, ' ', false, json::error_handler_t::replace);
  wrong(fmt::format("want {}, got {}", what, text.size() > 40 ? std::string(of(value_).type_name()) : text));
}

bool JsonItem::object(const std::vector<std::string_view>& keys) const {
  if (!of(value_).is_object()) {
    want("an object");
    return false;
  }
  for (const auto& [key, value] : of(value_).items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    JsonItem(&value, place(key), doc_).wrong(fmt::format("unknown key, want one of {}", fmt::join(keys, ", ")));
  }
  return true;
}

bool JsonItem::has(const char* key) const { return of(value_).is_object() && of(value_).contains(key); }

JsonItem JsonItem::at(const char* key) const {
  static const json kNothing;   // what is read after a fault
  if (has(key)) return {&of(value_)[key], place(key), doc_};
  wrong(fmt::format("want the key {}", key));
  return {&kNothing, place(key), doc_};
}

std::vector<JsonItem> JsonItem::items() const {
  std::vector<JsonItem> out;
  if (!of(value_).is_array()) want("a list");
  else for (const auto& item : of(value_)) out.push_back({&item, fmt::format("{}[{}]", where_, out.size()), doc_});
  return out;
}

std::vector<std::pair<std::string, JsonItem>> JsonItem::members() const {
  std::vector<std::pair<std::string, JsonItem>> out;
  if (!of(value_).is_object()) want("an object");
  else for (const auto& [key, value] : of(value_).items()) out.emplace_back(key, JsonItem(&value, place(key), doc_));
  return out;
}

double JsonItem::number() const {
  if (of(value_).is_number() && std::isfinite(of(value_).get<double>())) return of(value_).get<double>();
  want("a number");
  return 0;
}

double JsonItem::positive() const {
  const auto out = number();
  if (out < 0) want("a number of at least 0");
  return std::max(0.0, out);
}

std::optional<double> JsonItem::maybe() const { return of(value_).is_null() ? std::nullopt : std::optional{number()}; }

std::size_t JsonItem::count(std::size_t low) const {
  const auto& value = of(value_);
  if (value.is_number_unsigned() && value.get<std::size_t>() >= low) return value.get<std::size_t>();
  want(fmt::format("a whole number from {}", low));
  return low;
}

int JsonItem::small(int low) const {
  const auto out = count(static_cast<std::size_t>(low));
  if (out <= 1'000'000) return static_cast<int>(out);
  want("a number up to a million");
  return low;
}

std::string JsonItem::text() const {
  if (of(value_).is_string()) return of(value_).get<std::string>();
  want("a text");
  return "";
}

bool JsonItem::yes() const {
  if (!of(value_).is_boolean()) want("true or false");
  return of(value_).is_boolean() && of(value_).get<bool>();
}

Result<JsonDoc> JsonDoc::parse(std::string_view text, const std::string& file) {
  Doubled doubled;
  try {
    auto root = json::parse(text, std::ref(doubled));
    if (!doubled.first.empty()) return fail(Errc::malformed, file, fmt::format("has the key {} twice", doubled.first));
    return JsonDoc(std::make_shared<JsonItem::Doc>(JsonItem::Doc{file, std::move(root), {}}));
  } catch (const json::exception& e) {
    const std::string_view what = e.what();   // "[json.exception.parse_error.101] parse error at line 1, …"
    return fail(Errc::malformed, file, fmt::format("is not JSON: {}", what.substr(what.find("] ") == what.npos ? 0 : what.find("] ") + 2)));
  }
}

JsonItem JsonDoc::root() const { return {&doc_->root, "", doc_.get()}; }

const std::optional<Error>& JsonDoc::fault() const { return doc_->fault; }

}  // namespace headroom::lab
