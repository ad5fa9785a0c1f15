// headroomctl: asks the daemon on its control socket. One function adds one command.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "agent/ctl_baseline.hpp"
#include "agent/ctl_client.hpp"
#include "agent/ctl_config.hpp"
#include "agent/ctl_doctor.hpp"
#include "agent/ctl_import.hpp"
#include "agent/ctl_limits.hpp"
#include "agent/ctl_record.hpp"
#include "agent/ctl_screen.hpp"
#include "agent/options.hpp"
#include "cli/complaint.hpp"
#include "cli/generate.hpp"

namespace {

using namespace headroom;

constexpr const char* kFooter =
    "\nExit status:\n"
    "  0  done\n"
    "  1  the daemon answered that it cannot; doctor: there are warnings; config: invalid, or a group is of the\n"
    "     wrong class\n"
    "  2  wrong arguments\n"
    "  3  no daemon could be asked (none there, or not allowed); doctor: something keeps headroom from working\n"
    "Files:\n"
    "  /var/lib/headroom/control.sock  the daemon's socket (<state-dir>/control.sock); root and its own user may use it\n"
    "Examples:\n"
    "  headroomctl top                          who borrows what from whom, now\n"
    "  headroomctl throttled -r 5               the five that lose most to their limits\n"
    "  headroomctl limits                       would deleting this node's limits do?\n"
    "  headroomctl doctor --report >report.txt  what to paste into an issue; names of pods and units are left out\n"
    "  headroomctl -o json status | jq .mode    all but import and baseline have JSON\n"
    "See also:\n"
    "  headroomd(8), headroom-guard(8), headroom-lab(1)\n";

/// What the commands share.
struct Ctl {
  CtlClient client;
  CtlExit exit = CtlExit::done;
};

struct Top {
  std::size_t rows = 0;      // 0: as many as fit
  int times = 0;             // 0: until interrupted
  double every = 1;          // seconds
};

CtlExit top(const CtlClient& client, const Top& options) {
  std::string before;
  for (int i = 0; options.times == 0 || i < options.times; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::duration<double>(options.every));
    const Screen screen = screen_now();   // each time: the window may have changed
    const CtlExit code = ask_and_show(client, HttpMethod::get, "/v1/view", [&](const std::string& body) {
      const std::string text = cut_lines(render_top(body, before, options.rows, screen), screen.columns);
      before = body;
      return (screen.columns > 0 && options.times != 1 ? "\x1b[H\x1b[2J" : "") + text;
    });
    if (code != CtlExit::done) return code;
  }
  return CtlExit::done;
}

void add_status(CLI::App& app, Ctl& ctl) {
  app.add_subcommand("status", "mode, node, leases, writes, last events")->callback([&ctl] {
    ctl.exit = ask_and_show(ctl.client, HttpMethod::get, "/v1/status", [](const std::string& body) {
      const Screen screen = screen_now();
      return wrap_lines(render_status(body, screen.paint), screen.columns, 10);
    });
  });
}

void add_top(CLI::App& app, Ctl& ctl) {
  CLI::App* command = app.add_subcommand("top", "live: who borrows what from whom, who is throttled, and why");
  auto options = std::make_shared<Top>();
  command->add_option("-n,--times", options->times, "so many times, then exit; 0: until interrupted")
      ->check(CLI::NonNegativeNumber);
  command->add_option("-d,--delay", options->every, "seconds between two")->check(CLI::Range(0.1, 3600.0));
  command->add_option("-r,--rows", options->rows, "rows of each table; as many as the window has room for if not given");
  command->callback([&ctl, options] { ctl.exit = top(ctl.client, *options); });
}

void add_explain(CLI::App& app, Ctl& ctl) {
  CLI::App* command = app.add_subcommand("explain", "one group: signals, rule, decision, arithmetic, writes, how to undo");
  auto group = std::make_shared<std::string>();
  command->add_option("group", *group, "path, container ID (6 characters or more), pod UID, or name")->required();
  command->callback([&ctl, group] {
    ctl.exit = ask_and_show(ctl.client, HttpMethod::get, "/v1/explain?group=" + url_encoded(*group), [](const std::string& body) {
      return render_explain(body, screen_now());
    });
  });
}

void add_throttled(CLI::App& app, Ctl& ctl) {
  CLI::App* command = app.add_subcommand(
      "throttled", "containers and pods that their limit throttles, worst first, and what headroom does about it");
  auto rows = std::make_shared<std::size_t>(20);
  command->add_option("-r,--rows", *rows, "at most so many")->capture_default_str();
  command->callback([&ctl, rows] {
    ctl.exit = ask_and_print(ctl.client, "/v1/view", [&](const std::string& body) {
      if (ctl.client.output == Output::json) return throttled_json(body, *rows) + "\n";
      const Screen screen = screen_now();
      return cut_lines(render_throttled(body, *rows, screen), screen.columns);
    });
  });
}

void add_record(CLI::App& app, Ctl& ctl) {
  CLI::App* command = app.add_subcommand("record", "journal the next minutes into a file of their own, for headroom-lab replay");
  auto file = std::make_shared<std::string>(), length = std::make_shared<std::string>("10m");
  command->add_option("file", *file, "a file that is not there yet; the daemon makes it")->required();
  command->add_option("--for", *length, "how long: 30s, 10m, 2h, at most 24h")->capture_default_str();
  command->callback([&ctl, file, length] {
    const auto path = record_request(*file, *length);
    if (!path) {
      std::fprintf(stderr, "headroomctl: %s: %s\n", path.error().where.c_str(), path.error().detail.c_str());
      ctl.exit = CtlExit::usage;
      return;
    }
    ctl.exit = ask_and_show(ctl.client, HttpMethod::post, *path, [](const std::string& body) { return render_done(body); },
                            "Nothing is recorded while no daemon runs");
  });
}

/// pause, resume and restore.
void add_order(CLI::App& app, Ctl& ctl, const std::string& name, const char* what, const char* without_daemon) {
  app.add_subcommand(name, what)->callback([&ctl, name, without_daemon] {
    ctl.exit = ask_and_show(ctl.client, HttpMethod::post, "/v1/" + name,
                            [](const std::string& body) { return render_done(body); }, without_daemon);
  });
}

void add_common(CLI::App& app, Ctl& ctl) {
  app.fallthrough();
  app.failure_message(cli::complaint);
  app.add_option("-o,--output", ctl.client.output, "text or json")
      ->transform(cli::one_of<Output>({{"text", Output::text}, {"json", Output::json}}));
  app.add_option("--socket", ctl.client.socket, "control socket of the daemon")
      ->type_name("FILE")->default_str(ctl.client.socket);
  app.set_version_flag("--version", std::string("headroomctl ") + kVersion);
  app.require_subcommand(1);
}

void add_commands(CLI::App& app, Ctl& ctl) {
  add_status(app, ctl);
  add_top(app, ctl);
  add_throttled(app, ctl);
  add_explain(app, ctl);
  add_record(app, ctl);
  add_doctor(app, ctl.client, ctl.exit);
  add_limits(app, ctl.client, ctl.exit);
  add_import(app, ctl.exit);
  add_baseline(app, ctl.exit);
  add_order(app, ctl, "pause", "take every lease back and give none until resume, or until the daemon is started anew",
            "Nothing is lent while no daemon runs; what a dead one left is put back by headroomd --restore");
  add_order(app, ctl, "resume", "go on after pause or restore", "There is nothing to resume: start headroomd");
  add_order(app, ctl, "restore", "as pause, and put back every file that the ledger knows",
            "Without a daemon: headroomd --restore");
  add_config(app, {[&ctl] { return ctl.client.socket; }, [&ctl] { return ctl.client.output == Output::json; },
                   [&ctl](int code) { ctl.exit = static_cast<CtlExit>(code); }});
  app.footer(kFooter);   // after the commands, which would inherit it
}

}  // namespace

int main(int argc, char** argv) {
  Ctl ctl;
  ctl.client.socket = default_state_dir() + "/control.sock";
  CLI::App app{"headroomctl asks headroomd what it does and why, and makes it stop.", "headroomctl"};
  add_common(app, ctl);
  add_commands(app, ctl);
  if (const auto code = cli::generate({app, 1}, argc, argv)) return *code;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : static_cast<int>(CtlExit::usage);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "headroomctl: an answer that this version does not understand: %s\n", e.what());
    return static_cast<int>(CtlExit::failed);
  }
  return static_cast<int>(ctl.exit);
}
