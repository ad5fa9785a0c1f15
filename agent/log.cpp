#include "agent/log.hpp"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <syslog.h>

#include <atomic>
#include <mutex>

#include "agent/clock.hpp"
#include "systemd/journal.hpp"

namespace headroom {
namespace {

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; continue;
      case '\\': out += "\\\\"; continue;
      case '\n': out += "\\n"; continue;
      case '\t': out += "\\t"; continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) out += fmt::format("\\u{:04x}", byte);   // bytes: a name need not be UTF-8
    else out += c;
  }
  out += '"';
}

/// A tenant chooses the names of his groups: nothing in them may start a line of its own.
void append_text(std::string_view text, std::string& out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) out += fmt::format("\\x{:02x}", byte);
    else out += c;
  }
}

const char* name_of(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return "error";
  if (level == spdlog::level::warn) return "warn";
  return level == spdlog::level::info ? "info" : "debug";
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// spdlog's JSON patterns do not escape; the payload comes escaped from log_line().
class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(LogFormat format) : format_(format) {}
  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& out) override {
    const auto whole = std::chrono::time_point_cast<seconds>(msg.time);
    const auto ms = duration_cast<milliseconds>(msg.time - whole).count();
    const std::string time = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(whole), ms);
    const std::string_view payload(msg.payload.data(), msg.payload.size());
    const std::string line = format_ == LogFormat::json
                                 ? fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",{}}}\n", time, name_of(msg.level), payload)
                                 : fmt::format("{} {:5} {}\n", time, name_of(msg.level), payload);
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<LineFormatter>(format_); }

 private:
  LogFormat format_;
};

}  // namespace

std::optional<LogLevel> parse_level(std::string_view name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "info") return LogLevel::info;
  if (name == "warn") return LogLevel::warn;
  if (name == "error") return LogLevel::error;
  return std::nullopt;
}

std::optional<std::uint64_t> RateLimit::admit(std::string_view kind, TimePoint at) {
  auto found = buckets_.find(kind);
  if (found == buckets_.end()) found = buckets_.emplace(std::string(kind), Bucket{every_ * burst_, at, 0}).first;
  Bucket& b = found->second;
  b.filled = std::min<nanoseconds>(every_ * burst_, b.filled + (at - b.at));
  b.at = at;
  if (b.filled < every_) {
    ++b.left_out;
    return std::nullopt;
  }
  b.filled -= every_;
  return std::exchange(b.left_out, 0);
}

std::vector<std::pair<std::string, std::uint64_t>> RateLimit::untold() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (const auto& [kind, bucket] : buckets_)
    if (bucket.left_out > 0) out.emplace_back(kind, bucket.left_out);
  return out;
}

std::string log_line(LogFormat format, std::string_view kind, std::string_view message, const LogFields& fields) {
  std::string out;
  if (format == LogFormat::text) {
    out = fmt::format("{:8} ", kind);
    append_text(message, out);
    for (const auto& [name, value] : fields) {
      out += fmt::format(" {}=", name);
      append_text(value, out);
    }
    return out;
  }
  out = "\"kind\":";
  append_json_string(kind, out);
  out += ",\"message\":";
  append_json_string(message, out);
  for (const auto& [name, value] : fields) {
    out += ',';
    append_json_string(name, out);
    out += ':';
    append_json_string(value, out);
  }
  return out;
}

namespace {

int priority_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return LOG_DEBUG;
    case LogLevel::info: return LOG_INFO;
    case LogLevel::warn: return LOG_WARNING;
    case LogLevel::error: return LOG_ERR;
  }
  return LOG_INFO;
}

/// The line as people read it, and its fields by the names that people search for.
bool to_journal(LogLevel level, std::string_view kind, std::string_view message, const LogFields& fields) {
  LogFields named{{"kind", std::string(kind)}};
  for (const auto& [name, value] : fields) named.emplace_back(name == "group" ? "container" : name == "because" ? "reason" : name, value);
  return systemd::send_to_journal(priority_of(level), log_line(LogFormat::text, kind, message, fields), named);
}

}  // namespace

struct Log::Impl {
  std::atomic<LogLevel> least;   ///< that is written
  std::atomic<LogFormat> format;
  spdlog::logger logger{"headroom", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  std::mutex mutex;
  RateLimit limit{20, seconds{1}};
  const bool journal = systemd::stderr_is_journal();

  void write(LogLevel level, std::string_view kind, std::string_view message, const LogFields& fields) {
    if (journal && format == LogFormat::text && to_journal(level, kind, message, fields)) return;
    const std::string line = log_line(format, kind, message, fields);
    logger.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }
};

Log::Log(LogLevel level, LogFormat format) : impl_(std::make_unique<Impl>()) {
  set(level, format);
  impl_->logger.flush_on(spdlog::level::warn);
}
Log::~Log() {
  for (const auto& [kind, count] : impl_->limit.untold())
    impl_->write(impl_->least, kind, "more of this kind were left out", {{"suppressed", std::to_string(count)}});
}

void Log::set(LogLevel level, LogFormat format) {
  impl_->least = level;
  impl_->format = format;
  impl_->logger.set_formatter(std::make_unique<LineFormatter>(format));   // the sink takes its lock
  impl_->logger.set_level(to_spdlog(level));
}

void Log::say(LogLevel level, std::string_view kind, std::string_view message, const LogFields& fields) {
  if (!impl_->logger.should_log(to_spdlog(level))) return;
  std::optional<std::uint64_t> left_out;
  {
    const std::lock_guard lock(impl_->mutex);
    left_out = impl_->limit.admit(kind, monotonic_now());
  }
  if (!left_out) return;
  LogFields all = fields;
  if (*left_out > 0) all.emplace_back("suppressed", std::to_string(*left_out));
  impl_->write(level, kind, message, all);
}

}  // namespace headroom
