// headroomctl: asks the daemon on its control socket.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "agent/ctl_render.hpp"
#include "agent/http_server.hpp"
#include "agent/options.hpp"

namespace {

using namespace headroom;

enum class Output { text, json };

struct Ctl {
  std::string socket;
  Output output = Output::text;
  std::string group;
  std::size_t rows = 20;
  int times = 0;             // of top; 0: until interrupted
  double every = 1;          // seconds
};

Paint paint() {
  const bool plain = isatty(STDOUT_FILENO) == 0 || std::getenv("NO_COLOR") != nullptr;
  return plain ? Paint{} : kColours;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

/// Says what to do, not only what failed.
int cannot_reach(const Ctl& c, const Error& e) {
  std::string hint = e.detail;
  if (e.code == Errc::denied)
    hint = "the socket belongs to the daemon's user: run headroomctl as that user or with sudo";
  if (e.code == Errc::absent)
    hint = "no daemon answers there. Is headroomd running? If it has another --state-dir, name its socket: "
           "headroomctl --socket <state-dir>/control.sock …";
  std::fprintf(stderr, "headroomctl: %s: %s\n", c.socket.c_str(), hint.c_str());
  return 1;
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

template <class Render>
int show(const Ctl& c, HttpMethod method, const std::string& path, Render render) {
  const auto answer = ask_unix(c.socket, method, path);
  if (!answer) return cannot_reach(c, answer.error());
  if (c.output == Output::json) print(answer->body + "\n");
  if (answer->status != 200) {
    if (c.output == Output::text) std::fprintf(stderr, "headroomctl: %s\n", render_error(answer->body).c_str());
    return 1;
  }
  if (c.output == Output::text) print(render(answer->body));
  return 0;
}

int top(const Ctl& c) {
  std::string before;
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  for (int i = 0; c.times == 0 || i < c.times; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::duration<double>(c.every));
    const int code = show(c, HttpMethod::get, "/v1/view", [&](const std::string& body) {
      std::string screen = render_top(body, before, c.rows, paint());
      before = body;
      return (terminal && c.times != 1 ? "\x1b[H\x1b[2J" : "") + screen;
    });
    if (code != 0) return code;
  }
  return 0;
}

void add_common(CLI::App& app, Ctl& c) {
  static const std::map<std::string, Output> outputs{{"text", Output::text}, {"json", Output::json}};
  app.fallthrough();
  app.add_option("-o,--output", c.output, "text or json")->transform(CLI::CheckedTransformer(outputs, CLI::ignore_case));
  app.add_option("--socket", c.socket, "control socket of the daemon")->default_str(c.socket);
  app.set_version_flag("--version", std::string("headroomctl ") + kVersion);
  app.require_subcommand(1);
}

int run(CLI::App& app, const Ctl& c) {
  const Paint p = paint();
  const auto done = [](const std::string& body) { return render_done(body); };
  const std::string command = app.get_subcommands().front()->get_name();
  if (command == "top") return top(c);
  if (command == "status")
    return show(c, HttpMethod::get, "/v1/status", [&](const std::string& b) { return render_status(b, p); });
  if (command == "throttled")
    return show(c, HttpMethod::get, "/v1/groups", [&](const std::string& b) { return render_throttled(b, c.rows, p); });
  if (command == "explain")
    return show(c, HttpMethod::get, "/v1/explain?group=" + url_encoded(c.group),
                [&](const std::string& b) { return render_explain(b, p); });
  return show(c, HttpMethod::post, "/v1/" + command, done);
}

}  // namespace

int main(int argc, char** argv) {
  Ctl c;
  c.socket = default_state_dir() + "/control.sock";
  CLI::App app{"headroomctl asks headroomd what it does and why, and makes it stop.", "headroomctl"};
  add_common(app, c);
  app.add_subcommand("status", "mode, node, leases, writes, last events");
  CLI::App* top_command = app.add_subcommand("top", "live: who borrows what from whom, who is throttled, and why");
  top_command->add_option("-n,--times", c.times, "so many times, then exit; 0: until interrupted")->check(CLI::NonNegativeNumber);
  top_command->add_option("-d,--delay", c.every, "seconds between two")->check(CLI::Range(0.1, 3600.0));
  top_command->add_option("-r,--rows", c.rows, "rows of each kind");
  CLI::App* explain = app.add_subcommand("explain", "one group: signals, rule, decision, arithmetic, writes, how to undo");
  explain->add_option("group", c.group, "path, container ID (6 characters or more), pod UID, or name")->required();
  CLI::App* throttled = app.add_subcommand("throttled", "groups that their limit throttles, worst first");
  throttled->add_option("-r,--rows", c.rows, "at most so many");
  app.add_subcommand("pause", "take every lease back and give none until resume");
  app.add_subcommand("resume", "go on after pause or restore");
  app.add_subcommand("restore", "as pause, and put back every file that the ledger knows");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    return run(app, c);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "headroomctl: an answer that this version does not understand: %s\n", e.what());
    return 1;
  }
}
