#include "agent/ctl_baseline.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <memory>

#include "agent/sources/places.hpp"
#include "cgroups/types/bandwidth.hpp"
#include "systemd/units.hpp"
#include "workloads/names.hpp"

namespace headroom {
namespace {

struct Baseline {
  std::string unit, quota;
  std::uint64_t weight = 0;   ///< 0: not asked
};

std::string text_of(const systemd::UnitCpu& cpu) {
  const std::string quota = cpu.quota_per_sec ? fmt::format("{:g}%", static_cast<double>(cpu.quota_per_sec->count()) / 1e4) : "none";
  return fmt::format("CPUQuota={} CPUWeight={}", quota, cpu.weight ? std::to_string(*cpu.weight) : "not set");
}

Result<std::string> told(const Baseline& wanted) {
  systemd::UnitBus::NewCpu cpu;
  if (!wanted.quota.empty()) cpu.quota_per_sec_us = parse_cpu_quota(wanted.quota).value();   // checked with the command line
  if (wanted.weight != 0) cpu.weight = wanted.weight;
  const auto bus = systemd::UnitBus::connect("unix:path=" + surroundings().system_bus, [](bool) {});
  if (!bus) return fail(bus.error().code, "baseline", bus.error().detail + ": is this a machine that systemd runs, and are you root?");
  const auto before = (*bus)->cpu_of(wanted.unit);
  if (!before) return tl::unexpected(before.error());
  if (!cpu.quota_per_sec_us && !cpu.weight) return fmt::format("{}: {}\n", wanted.unit, text_of(*before));
  if (auto set = (*bus)->set_cpu(wanted.unit, cpu); !set) return tl::unexpected(set.error());
  const auto after = (*bus)->cpu_of(wanted.unit);
  if (!after) return tl::unexpected(after.error());
  return fmt::format("{}: {}, was {}; until the next boot\n", wanted.unit, text_of(*after), text_of(*before));
}

}  // namespace

Result<std::uint64_t> parse_cpu_quota(const std::string& text) {
  constexpr std::uint64_t kPercent = 10'000, kMost = 100'000;   // us a second; per cent
  if (text == "none") return UINT64_MAX;
  std::uint64_t percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  const bool good = error == std::errc{} && std::string_view(end) == "%" && percent >= 1 && percent <= kMost;
  if (!good) return fail(Errc::rejected, "--quota", fmt::format("want 1%..100000% of one CPU, or none, got \"{}\"", text));
  return percent * kPercent;
}

void add_baseline(CLI::App& app, CtlExit& exit) {
  CLI::App* command = app.add_subcommand(
      "baseline", "what systemd gives a unit as its own limit, or a new one: the daemon takes it for its owner's word, and a daemon-reload for settled");
  auto wanted = std::make_shared<Baseline>();
  command->add_option("unit", wanted->unit, "a service, scope or slice, with its suffix")->required()->type_name("UNIT")
      ->check([](const std::string& unit) { return is_unit(unit) ? std::string{} : "want a service, scope or slice, with its suffix, got \"" + unit + "\""; });
  command->add_option("--quota", wanted->quota, "of one CPU, as CPUQuota=: 40%, 250%, none; until the next boot")->type_name("PERCENT")
      ->check([](const std::string& text) { return parse_cpu_quota(text) ? std::string{} : parse_cpu_quota(text).error().detail; });
  command->add_option("--weight", wanted->weight, "as CPUWeight=; until the next boot")->check(CLI::Range(1, 10000));
  command->callback([&exit, wanted] {
    const auto done = told(*wanted);
    if (done) std::fputs(done->c_str(), stdout);
    else std::fprintf(stderr, "headroomctl: %s: %s\n", done.error().where.c_str(), done.error().detail.c_str());
    exit = done ? CtlExit::done : CtlExit::failed;
  });
}

}  // namespace headroom
