#include "agent/ctl_client.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "agent/ctl_render.hpp"

namespace headroom {
namespace {

std::string user_name(uid_t uid) {
  const passwd* user = getpwuid(uid);
  return user == nullptr ? fmt::format("uid {}", uid) : fmt::format("{} (uid {})", user->pw_name, uid);
}

/// Where daemons put their sockets by default, and there is one.
std::string other_sockets(const std::string& but) {
  std::string out;
  for (const std::string& dir : {std::string("/var/lib/headroom"), std::string("/run/headroom/state"),
                                 "/tmp/headroom-" + std::to_string(geteuid()), std::string("/tmp/headroom-0")}) {
    const std::string path = dir + "/control.sock";
    struct stat st{};
    if (path != but && stat(path.c_str(), &st) == 0 && S_ISSOCK(st.st_mode)) out += (out.empty() ? "" : ", ") + path;
  }
  return out.empty() ? "" : "; there is one at " + out + ": headroomctl --socket …";
}

std::string not_there(const std::string& socket) {
  struct stat st{};
  if (stat(socket.c_str(), &st) == 0)
    return "nobody answers at this socket: the daemon that made it has ended without tidying up. Start headroomd, or put "
           "back what it left with headroomd --restore";
  std::string hint = "there is no such socket: no headroomd is running with this state directory. Is it running at all? If "
                     "it has another --state-dir: headroomctl --socket <state-dir>/control.sock …";
  return hint + other_sockets(socket);
}

std::string not_allowed(const std::string& socket) {
  struct stat st{};
  if (stat(socket.c_str(), &st) == 0)
    return fmt::format("permission denied: the socket belongs to {}; run headroomctl as that user or with sudo",
                       user_name(st.st_uid));
  return "permission denied: its directory is the daemon's own; run headroomctl as the daemon's user or with sudo";
}

void say_error(const CtlClient& client, const std::string& message) {
  std::fprintf(stderr, "headroomctl: %s\n", message.c_str());
  if (client.output == Output::json) print(nlohmann::json{{"error", message}}.dump() + "\n");
}

CtlExit refused(const CtlClient& client, const HttpAnswer& answer) {
  if (!is_ours(answer)) {
    say_error(client, fmt::format("{}: what answers there is not a headroomd that this headroomctl understands (status {}). "
                                  "Is it another program's socket, or a daemon of another version?", client.socket,
                                  answer.status));
    return CtlExit::unreachable;
  }
  std::fprintf(stderr, "headroomctl: %s\n", render_error(answer.body).c_str());
  if (client.output == Output::json) print(answer.body + "\n");
  return answer.status == 403 ? CtlExit::unreachable : CtlExit::failed;
}

Result<HttpAnswer> ask(const CtlClient& client, HttpMethod method, const std::string& path, const std::string& also) {
  auto answer = ask_unix(client.socket, method, path);
  if (!answer) say_error(client, client.socket + ": " + way_out(client.socket, answer.error()) + (also.empty() ? "" : ". " + also));
  return answer;
}

}  // namespace

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string way_out(const std::string& socket, const Error& error) {
  switch (error.code) {
    case Errc::absent: return not_there(socket);
    case Errc::denied: return not_allowed(socket);
    case Errc::gone:
    case Errc::malformed:
    case Errc::rejected:
    case Errc::io: break;
  }
  return error.detail + "; is this the control socket of a headroomd?";
}

bool is_ours(const HttpAnswer& answer) {
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  return body.is_object() && (answer.status == 200 || body.contains("error"));
}

CtlExit ask_and_show(const CtlClient& client, HttpMethod method, const std::string& path,
                     const std::function<std::string(const std::string&)>& render, const std::string& also) {
  const auto answer = ask(client, method, path, also);
  if (!answer) return CtlExit::unreachable;
  if (answer->status != 200 || !is_ours(*answer)) return refused(client, *answer);
  print(client.output == Output::json ? answer->body + "\n" : render(answer->body));
  return CtlExit::done;
}

CtlExit ask_and_print(const CtlClient& client, const std::string& path,
                      const std::function<std::string(const std::string&)>& render) {
  const auto answer = ask(client, HttpMethod::get, path, {});
  if (!answer) return CtlExit::unreachable;
  if (answer->status != 200 || !is_ours(*answer)) return refused(client, *answer);
  print(render(answer->body));
  return CtlExit::done;
}

std::string url_encoded(const std::string& text) {
  static const char* const kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '/') out += c;
    else out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

}  // namespace headroom
