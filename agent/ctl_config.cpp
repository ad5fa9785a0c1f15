#include "agent/ctl_config.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/config_json.hpp"
#include "agent/ctl_text.hpp"
#include "agent/http_server.hpp"
#include "agent/loaded_config.hpp"
#include "config/schema.hpp"

namespace headroom {
namespace {

constexpr int kDone = 0, kFailed = 1;

struct Arguments {
  std::string config, path, groups;
};

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void say(const std::string& text) { std::fprintf(stderr, "headroomctl: %s\n", text.c_str()); }

ExplainAs format_of(const CtlConfigUse& use) { return use.wants_json() ? ExplainAs::json : ExplainAs::text; }

/// Valid, or every fault has been said.
std::optional<Loaded> load(const std::string& file) {
  Options options;
  options.config = file;
  auto loaded = load_config(options);
  if (loaded) return std::move(*loaded);
  for (const Error& fault : loaded.error()) say(fmt::format("{}: {}", fault.where, fault.detail));
  return std::nullopt;
}

/// What the daemon has in force; without one, what keys mean and no values.
Explained ask_daemon(const CtlConfigUse& use) {
  Explained out;
  const auto answer = ask_unix(use.socket(), HttpMethod::get, "/v1/config");
  if (!answer || answer->status != 200) {
    say(fmt::format("{}: no daemon answers there{}, so no values in force are shown. Of a file: headroomctl config explain --config FILE",
                    use.socket(), !answer && answer.error().code == Errc::denied ? " to this user" : ""));
    return out;
  }
  ConfigAnswer config;
  try {
    config = parse_config_json(answer->body);
  } catch (const std::exception& e) {
    say(fmt::format("{}: an answer that this version does not understand: {}", use.socket(), e.what()));
    return out;
  }
  out.values = Explained::Values::known;
  out.text = config.text;
  out.file = config.file;
  out.overrides = std::move(config.overrides);
  if (!config.mode.empty()) {
    out.note = fmt::format("The daemon is in mode {}{}.", config.mode,
                           config.mode_reason.empty() ? "" : fmt::format(" ({})", ctl::clean(config.mode_reason)));
  }
  return out;
}

int explain(const CtlConfigUse& use, const Arguments& a) {
  Explained what;
  if (a.config.empty()) {
    what = ask_daemon(use);
  } else {
    const auto loaded = load(a.config);
    if (!loaded) return kFailed;
    what.values = Explained::Values::known;
    what.text = loaded->text;
    what.file = a.config;
  }
  const Explanation explanation = explain_config(what, a.path, format_of(use));
  if (!explanation.error.empty()) {
    say(explanation.error);
    return kFailed;
  }
  print(explanation.out);
  return kDone;
}

int test(const CtlConfigUse& use, const Arguments& a) {
  const auto loaded = load(a.config);
  if (!loaded) return kFailed;
  const auto text = read_config_file(a.groups);
  if (!text) {
    say(fmt::format("{}: {}", text.error().where, text.error().code == Errc::absent ? "not there: name a file of groups with --groups" : text.error().detail));
    return kFailed;
  }
  const GroupsFile groups = parse_groups(*text, a.groups);
  for (const auto& error : groups.errors) say(error);
  if (!groups.errors.empty()) return kFailed;
  const TestedGroups tested = test_groups(groups, loaded->text, a.config, format_of(use));
  print(tested.out);
  return tested.wrong == 0 ? kDone : kFailed;
}

std::vector<ParamDoc> all_parameters() {
  std::vector<ParamDoc> docs;
  for (const std::string_view policy : policy_names(PolicyUse::production))
    for (const ParamDoc& doc : policy_docs(policy)) docs.push_back(doc);
  return docs;
}

}  // namespace

void add_config(CLI::App& app, const CtlConfigUse& use) {
  CLI::App* config = app.add_subcommand("config", "what every key means and where its value comes from; rules tried out offline");
  config->require_subcommand(1);
  const auto a = std::make_shared<Arguments>();

  CLI::App* explains = config->add_subcommand("explain", "meaning, unit, range, default, and the value in force with its origin");
  explains->add_option("key", a->path, "as in classes[0].borrow.upTo, node, tuning.hold; all values in force if not given");
  explains->add_option("--config", a->config, "explain this file, without asking the daemon")->type_name("FILE");
  explains->callback([use, a] { use.exit(explain(use, *a)); });

  CLI::App* tests = config->add_subcommand("test", "class and rule of each group or pod, offline; exit status 1 where one is wrong");
  tests->add_option("--groups", a->groups, "cgroup paths below the root, one a line, perhaps with ' = CLASS'; or kubectl get pods -o json")
      ->type_name("FILE")->required();
  tests->add_option("--config", a->config, "the configuration to try out; built-in defaults if not given")->type_name("FILE");
  tests->callback([use, a] { use.exit(test(use, *a)); });

  config->add_subcommand("schema", "a JSON Schema of headroom.yaml, for editors")->callback([use] {
    print(config_schema(all_parameters()));
    use.exit(kDone);
  });
}

}  // namespace headroom
