// headroomctl's side of the control socket: one question, one answer, and what to do where there is none.
#pragma once

#include <functional>
#include <string>

#include "agent/http_server.hpp"

namespace headroom {

enum class Output { text, json };

/// Exit codes of headroomctl.
enum class CtlExit : int { done = 0, failed = 1, usage = 2, unreachable = 3 };

struct CtlClient {
  std::string socket;
  Output output = Output::text;
};

/// Standard output, whole and at once.
void print(const std::string& text);

/// Why the daemon cannot be asked, and the way out: is it running, is that its socket, who may use it.
std::string way_out(const std::string& socket, const Error& error);

/// A body that only headroomd would send: a JSON object.
bool is_ours(const HttpAnswer& answer);

/// Asks, and prints what `render` makes of the body (or the body itself, with Output::json). Errors go to stderr; with
/// Output::json also to stdout as {"error": …}.
/// @param also  said after "cannot be reached": what the command means without a daemon; may be empty
CtlExit ask_and_show(const CtlClient& client, HttpMethod method, const std::string& path,
                     const std::function<std::string(const std::string&)>& render, const std::string& also = {});

/// The same for both outputs: `render` makes the JSON too.
CtlExit ask_and_print(const CtlClient& client, const std::string& path,
                      const std::function<std::string(const std::string&)>& render);

std::string url_encoded(const std::string& text);

}  // namespace headroom
