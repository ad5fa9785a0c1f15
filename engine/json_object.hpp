// A JSON object of the pure half: CPU in milli-CPU and times in ns, as whole numbers, so that whoever reads it can add up.
#pragma once

#include "cgroups/types/units.hpp"
#include "engine/json_text.hpp"

namespace headroom {

/// `{` now, `}` when it goes.
class Object {
 public:
  explicit Object(JsonText& out) : out_(out) { out_.open('{'); }
  ~Object() { out_.close('}'); }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  void milli(std::string_view key, MilliCpu v) { out_.key(key).number(v.value); }
  void ns(std::string_view key, nanoseconds v) { out_.key(key).number(v.count()); }
  void count(std::string_view key, std::uint64_t v) { out_.key(key).number(static_cast<std::int64_t>(v)); }
  void text(std::string_view key, std::string_view v) { out_.key(key).text(v); }
  void truth(std::string_view key, bool v) { out_.key(key).word(v ? "true" : "false"); }
  JsonText& key(std::string_view k) { return out_.key(k); }

 private:
  JsonText& out_;
};

}  // namespace headroom
