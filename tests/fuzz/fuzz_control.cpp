// What the control socket and the metrics port answer, whatever is asked and whatever tenants call their groups; and the
// credit file. First line: a path, or "credits" (the rest is the file); then key=value lines; after an empty line names
// of groups.
#include <poll.h>

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agent/credits.hpp"
#include "agent/routes.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace headroom::fuzz {
namespace {

/// Stands in for the daemon's loop: publishes the present report, answers every command.
class Loop {
 public:
  Loop() : thread_([this] { work(); }) { thread_.detach(); }   // until the fuzzer exits
  Board& board() { return board_; }
  void show(Report report) {
    const std::lock_guard lock(mutex_);
    report_ = std::move(report);
  }

 private:
  [[noreturn]] void work() {
    for (;;) {
      pollfd fd{board_.fd(), POLLIN, 0};
      (void)::poll(&fd, 1, -1);
      for (const Command command : board_.take()) {
        if (command != Command::publish) {
          board_.answer(command, "{\"message\":\"done\"}");
          continue;
        }
        const std::lock_guard lock(mutex_);
        board_.publish(std::make_shared<const Report>(report_));
      }
    }
  }
  Board board_;
  std::mutex mutex_;
  Report report_;
  std::thread thread_;
};

struct Served {
  Loop& loop = *new Loop;   // outlives its thread, which nobody joins
  std::vector<Route> control = control_routes(loop.board());
  std::vector<Route> metrics = metrics_routes(loop.board(), [] { return AgentView{}; });
};

Served& served() {
  static Served one;
  return one;
}

GroupReport group_of(std::string_view line, Slot slot) {
  GroupReport g;
  g.slot = slot;
  g.id = slot + 1;
  g.path = line;
  const auto third = line.size() / 3;
  g.ns = line.substr(0, third);
  g.pod = line.substr(third, third);
  g.container = line.substr(2 * third);
  g.container_id = line.substr(0, std::min<std::size_t>(line.size(), 64));
  g.pod_uid = line.size() % 2 == 0 ? std::string(line) : "";
  g.kind = line.size() % 3 == 0 ? "pod" : "container";
  g.rule = g.verdict = line;
  if (line.size() % 5 == 0) g.lease = LeaseReport{"burst", "file", MilliCpu{1000}, seconds{1}, seconds{0}, std::string(line)};
  return g;
}

struct Question {
  std::string path;
  HttpParams params;
  Report report;
};

Question read_question(std::string_view rest) {
  Question q;
  q.path = take_line(rest);
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (line.empty()) break;
    const auto is = line.find('=');
    q.params.emplace(line.substr(0, is), is == std::string_view::npos ? "" : line.substr(is + 1));
  }
  while (!rest.empty() && q.report.groups.size() < 16)
    q.report.groups.push_back(group_of(take_line(rest), static_cast<Slot>(q.report.groups.size())));
  for (const GroupReport& g : q.report.groups) q.report.events.push_back("foreign: group=/" + g.path);
  return q;
}

/// Text format 0.0.4: comments, or NAME{LABELS} VALUE; no series twice.
void check_metrics(std::string_view text) {
  std::set<std::string_view> seen;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line.empty() || line.front() == '#') continue;
    const auto end = line.rfind(' ');
    law(end != std::string_view::npos && end > 0, "a series has a value");
    law(line.starts_with("headroom_") || line.starts_with("process_"), "a name cannot start a line of its own");
    law(seen.insert(line.substr(0, end)).second, "a series stands once");
  }
}

void check_reply(const Route& route, const HttpReply& reply) {
  const std::set<int> known{200, 400, 404, 409, 503};
  law(known.contains(reply.status), "a status is one of ours");
  if (route.path == "/metrics") return check_metrics(reply.body);
  if (reply.type == "application/json") law(nlohmann::json::accept(reply.body), "what is called JSON is JSON");
}

void check_credits(std::string_view text) {
  const auto credits = parse_credits(text, "headroom");
  if (!credits) return law(credits.error().code == Errc::malformed, "a bad credit file is malformed");
  const auto again = parse_credits(format_credits("headroom", *credits), "headroom");
  law(again && again->size() == credits->size(), "credits survive being stored");
}

}  // namespace
}  // namespace headroom::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom::fuzz;
  auto text = text_of(data, size);
  if (text.starts_with("credits\n")) {
    check_credits(text.substr(8));
    return 0;
  }
  Served& all = served();
  auto question = read_question(text);
  all.loop.show(std::move(question.report));
  for (const auto* routes : {&all.control, &all.metrics})
    for (const auto& route : *routes)
      if (route.path == question.path) check_reply(route, route.handle(question.params));
  return 0;
}
