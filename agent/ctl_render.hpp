// What headroomctl prints, made from the state API's JSON. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headroom {

/// Escape sequences, or nothing where the output is not a terminal.
struct Paint {
  const char* bold = "";
  const char* dim = "";
  const char* red = "";
  const char* green = "";
  const char* yellow = "";
  const char* reset = "";
};
constexpr Paint kColours{"\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"};

struct Screen {
  Paint paint;
  std::size_t columns = 0, rows = 0;   ///< 0: no terminal, nothing is shortened
};

/// All throw nlohmann::json::exception (a std::exception) on JSON that the daemon does not make.
std::string render_status(std::string_view status_json, const Paint& paint);
/// @param before  an earlier view, "" for none: rates are made of the difference
/// @param rows    at most so many of each kind; 0: as many as the screen has room for
std::string render_top(std::string_view view_json, std::string_view before, std::size_t rows, const Screen& screen);
/// Worst first: by the time lost in the present stretch of throttling, then in all.
std::string render_throttled(std::string_view view_json, std::size_t rows, const Screen& screen);
/// The same as {"throttled": [{"name", "path", "level", "stretch", "throttledSeconds", …, "doing"}]}.
std::string throttled_json(std::string_view view_json, std::size_t rows);
/// On a terminal in its width: broken at blanks, and where that would take more rows than there are, cut.
std::string render_explain(std::string_view explain_json, const Screen& screen);
/// {"error": …, "candidates": […]} or the text itself.
std::string render_error(std::string_view body);
/// What pause, resume and restore answer.
std::string render_done(std::string_view body);

}  // namespace headroom
