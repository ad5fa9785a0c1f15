// Log lines for people or machines, rate-limited by kind. Includes no logging library: log.cpp does.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroups/types/units.hpp"

namespace headroom {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

/// nullopt for anything but debug, info, warn, error: a typo must not silence everything.
std::optional<LogLevel> parse_level(std::string_view name);

/// One token bucket per kind: `burst` lines at once, then one every `every`.
class RateLimit {
 public:
  RateLimit(int burst, nanoseconds every) : burst_(burst), every_(every) {}
  /// @return nullopt: not now; else how many of this kind were left out since the last that went through
  std::optional<std::uint64_t> admit(std::string_view kind, TimePoint at);
  /// Kinds of which something was left out that nobody has been told of yet, and how many.
  std::vector<std::pair<std::string, std::uint64_t>> untold() const;

 private:
  struct Bucket { nanoseconds filled{0}; TimePoint at; std::uint64_t left_out = 0; };
  int burst_;
  nanoseconds every_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

using LogFields = std::vector<std::pair<std::string_view, std::string>>;

/// The line without time and level.
std::string log_line(LogFormat format, std::string_view kind, std::string_view message, const LogFields& fields);

/// To stderr. One thread at a time says what it has to say; several may.
class Log {
 public:
  Log(LogLevel level, LogFormat format);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void set(LogLevel level, LogFormat format);
  /// @param kind  what is limited together: 20 lines at once, then one a second. How many were left out, stands in the
  ///              next line of the kind (field `suppressed`), at the latest when the log ends.
  void say(LogLevel level, std::string_view kind, std::string_view message, const LogFields& fields = {});
  void debug(std::string_view kind, std::string_view m, const LogFields& f = {}) { say(LogLevel::debug, kind, m, f); }
  void info(std::string_view kind, std::string_view m, const LogFields& f = {}) { say(LogLevel::info, kind, m, f); }
  void warn(std::string_view kind, std::string_view m, const LogFields& f = {}) { say(LogLevel::warn, kind, m, f); }
  void error(std::string_view kind, std::string_view m, const LogFields& f = {}) { say(LogLevel::error, kind, m, f); }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom
