// The little JSON that the pure half writes: objects, lists, text, whole numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headroom {

class JsonText {
 public:
  JsonText& open(char bracket) {
    comma();
    out_ += bracket;
    first_ = true;
    return *this;
  }
  JsonText& close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
  }
  JsonText& key(std::string_view name) {
    quote(name);
    out_ += ':';
    first_ = true;
    return *this;
  }
  JsonText& text(std::string_view value) {
    quote(value);
    return *this;
  }
  JsonText& word(std::string_view value) {   ///< true, false, null
    comma();
    out_ += value;
    return *this;
  }
  JsonText& number(std::int64_t value) { return word(std::to_string(value)); }
  const std::string& str() const { return out_; }

 private:
  void comma() {
    if (!first_ && !out_.empty()) out_ += ',';
    first_ = false;
  }
  /// Names come from tenants: whatever is not plain ASCII becomes '?'.
  void quote(std::string_view value) {
    comma();
    out_ += '"';
    for (const char c : value) {
      const bool plain = static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f;
      if (c == '"' || c == '\\') out_ += '\\';
      if (c == '\n') out_ += "\\n";
      else out_ += plain ? c : '?';
    }
    out_ += '"';
  }

  std::string out_;
  bool first_ = true;
};

}  // namespace headroom
