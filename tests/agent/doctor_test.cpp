// What doctor makes of facts: a pure function, so every bad day can be had without one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "agent/ctl_doctor.hpp"
#include "agent/options.hpp"
#include "agent/state_json.hpp"

namespace headroom {
namespace {

using namespace doctor;
using testing::HasSubstr;
using testing::Not;

Facts healthy() {
  Facts f;
  f.node.release = "6.1.0";
  f.node.machine = "x86_64";
  f.node.where = Hierarchy{false, "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpuacct", "", "", "/sys/fs/cgroup/cpuacct", ""};
  f.node.libcgroup = {{"cpu", "/sys/fs/cgroup/cpu"}, {"cpuacct", "/sys/fs/cgroup/cpuacct"}};
  f.node.burst_file = Known::yes;
  f.node.pressure = 0.1;
  f.node.read_only = f.node.own_cgroup_namespace = f.node.own_pid_namespace = Known::no;
  f.node.judge = Judge::run_delay;
  f.rights.file = "/sys/fs/cgroup/cpu/kubepods/secret-pod/cpu.cfs_quota_us";
  f.run.dir = "/run/headroom";
  f.run.there = f.run.locked = f.run.ledger = Known::no;
  f.run.guard_program = "/usr/bin/headroom-guard";
  f.run.guard_runs = Known::yes;
  f.daemon.socket = "/var/lib/headroom/control.sock";
  f.daemon.version = kVersion;
  return f;
}

Report running(const char* mode) {
  Report r;
  r.mode = mode;
  r.policy = "headroom";
  r.cgroup_root = "/sys/fs/cgroup/cpu";
  r.guard_up = true;
  r.kernel.assumed = false;
  r.events = {"foreign: somebody else wrote bandwidth group=/kubepods/secret-pod"};
  return r;
}

const Finding* about(const std::vector<Finding>& all, const std::string& words) {
  for (const Finding& f : all)
    if ((f.topic + ": " + f.fact).find(words) != std::string::npos) return &f;
  return nullptr;
}

/// The finding whose fact has these words, and that it is of this level, with a meaning; a way out above a note.
void expect(const Facts& facts, Level level, const std::string& words, int code) {
  const auto all = findings(facts);
  const Finding* f = about(all, words);
  ASSERT_NE(f, nullptr) << words << " in\n" << render_findings(all, Names::shown, {});
  EXPECT_EQ(f->level, level) << words;
  EXPECT_NE(f->means, "") << words;
  EXPECT_EQ(exit_code(all), code) << render_findings(all, Names::shown, {});
}

TEST(Doctor, AHealthyNodeIsAllGoodWithAndWithoutADaemon) {
  Facts f = healthy();
  EXPECT_EQ(exit_code(findings(f)), 0) << render_findings(findings(f), Names::shown, {});
  EXPECT_THAT(render_findings(findings(f), Names::shown, {}), HasSubstr("All good."));
  f.daemon.status = status_json(running("enforce"));
  EXPECT_EQ(exit_code(findings(f)), 0) << render_findings(findings(f), Names::shown, {});
}

TEST(Doctor, WhatKeepsItFromWorkingIsAFault) {
  Facts f = healthy();
  f.node.where.reset();
  f.node.where_error = {Errc::absent, "cgroup mounts", "no cpu controller; seen: no cgroup mount"};
  expect(f, Level::fault, "no cpu controller", 3);
  f = healthy();
  f.node.where->cpuacct.clear();
  expect(f, Level::fault, "no cpuacct hierarchy", 3);
}

TEST(Doctor, ValuesThatAreOutWithNobodyToPutThemBackAreAFaultAndOnlyThen) {
  Facts f = healthy();
  f.run.there = f.run.ledger = Known::yes;
  f.run.entries = 3;
  expect(f, Level::fault, "3 files hold something of ours", 3);
  EXPECT_THAT(about(findings(f), "3 files")->todo, HasSubstr("headroomd --restore --run-dir /run/headroom"));
  f.run.locked = Known::yes;
  EXPECT_EQ(exit_code(findings(f)), 0);
  f.run.locked = Known::no;
  f.run.guard = Known::yes;
  EXPECT_EQ(exit_code(findings(f)), 0);
}

using Change = std::function<void(Facts&)>;

/// Words of the finding, and what makes it true.
const std::vector<std::pair<const char*, Change>>& limits() {
  static const std::vector<std::pair<const char*, Change>> bad{
      {"no burst file", [](Facts& f) { f.node.burst_file = Known::no; }},
      {"pressure stall information is off", [](Facts& f) { f.node.pressure.reset(); }},
      {"nothing tells that a neighbour waits", [](Facts& f) { f.node.judge = Judge::none; }},
      {"read-only", [](Facts& f) { f.node.read_only = Known::yes; }},
      {"could not write", [](Facts& f) { f.rights.file_error = 13; }},
      {"cgroup namespace of its own", [](Facts& f) { f.node.own_cgroup_namespace = Known::yes; }},
      {"there is no program", [](Facts& f) { f.run.guard_runs = Known::no; }},
      {"fence", [](Facts& f) { f.run.fence = Known::yes; }},
      {"koordlet runs here", [](Facts& f) { f.writers.agents = {"koordlet"}; }},
      {"could not be asked", [](Facts& f) { f.daemon.error = Errc::denied, f.daemon.way_out = "sudo"; }}};
  return bad;
}

TEST(Doctor, EveryThingThatLimitsItIsAWarningWithAWayOut) {
  for (const auto& [words, change] : limits()) {
    Facts f = healthy();
    change(f);
    expect(f, Level::warning, words, 1);
    EXPECT_NE(about(findings(f), words)->todo, "") << words;
  }
}

/// Nobody has to know that silence means good.
TEST(Doctor, NamesEveryTopicWhetherItIsGoodOrNotAndWhetherADaemonAnswersOrNot) {
  std::vector<Facts> nodes{healthy()};
  for (const auto& [words, change] : limits()) {
    nodes.push_back(healthy());
    change(nodes.back());
  }
  for (const char* mode : {"", "observe", "enforce"})
    for (Facts f : nodes) {
      if (*mode != 0) f.daemon.status = status_json(running(mode));
      const auto all = findings(f);
      for (const char* topic : {"kernel", "namespaces", "cgroups", "mounts", "libcgroup", "burst", "refill", "psi", "judge", "rights",
                                "other writers", "daemon", "guard", "ledger"})
        EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Finding& x) { return x.topic == topic; }))
            << topic << " in\n" << render_findings(all, Names::shown, {});
    }
}

TEST(Doctor, NamesEveryMountThatLibcgroupHasElsewhere) {
  Facts f = healthy();
  f.node.libcgroup[0].second = "/other/cpu";
  const auto all = findings(f);
  ASSERT_NE(about(all, "headroom uses /sys/fs/cgroup/cpu, libcgroup has it at /other/cpu"), nullptr);
  EXPECT_EQ(exit_code(all), 1);
  f.node.libcgroup.push_back({"cpu", "/sys/fs/cgroup/cpu"});   // mounted twice
  EXPECT_EQ(exit_code(findings(f)), 0);
}

TEST(Doctor, ASubtreeOfTheSameMountIsNoDifference) {
  Facts f = healthy();
  f.node.where->cpu += "/kubepods";
  f.node.where->cpuacct += "/kubepods";
  EXPECT_EQ(exit_code(findings(f)), 0);
  f.node.where->cpu = "/sys/fs/cgroup/cpu2";   // a longer name is no group below it
  EXPECT_EQ(exit_code(findings(f)), 1);
}

TEST(Doctor, TellsWhatTheDaemonSaysOfItself) {
  const std::vector<std::pair<const char*, std::function<void(Report&)>>> bad{
      {"paused", [](Report& r) { r.paused = true; }},
      {"but not as configured: no guard", [](Report& r) { r.mode_reason = "no guard"; }},
      {"no guard stands by", [](Report& r) { r.guard_up = false; }},
      {"does not refill", [](Report& r) { r.kernel.rewrite_refills = false; }},
      {"late by 80 ms", [](Report& r) { r.node.worst_lateness_1s = milliseconds{80}; }},
      {"2 observations", [](Report& r) { r.node.failed_ticks = 2; }},
      {"in 60 of 600 judged seconds", [](Report& r) { r.node.contract_seconds = 600, r.node.breach_seconds = 60; }},
      {"4 writes failed: cpu.max denied 4", [](Report& r) { r.writes = {{"cpu.max", "settings", "denied", 4}}; }},
      {"bandwidth kubelet 7", [](Report& r) { r.foreign_writes = {{"bandwidth kubelet", 7}}; }}};
  for (const auto& [words, change] : bad) {
    Facts f = healthy();
    Report r = running("enforce");
    change(r);
    f.daemon.status = status_json(r);
    expect(f, Level::warning, words, 1);
  }
}

TEST(Doctor, AReportHasNoNamesUnlessTheyAreAskedFor) {
  Facts f = healthy();
  f.daemon.status = status_json(running("enforce"));
  f.writers.quota_units = {"system.slice/secret-pod.service"};
  EXPECT_THAT(render_report(f, Names::left_out), Not(HasSubstr("secret-pod")));
  EXPECT_THAT(render_report(f, Names::shown), HasSubstr("secret-pod.service"));
  EXPECT_THAT(render_report(f, Names::left_out), HasSubstr("\"mode\": \"enforce\""));
  EXPECT_THAT(findings_json(findings(f), Names::left_out), Not(HasSubstr("secret-pod")));
  EXPECT_THAT(render_findings(findings(f), Names::shown, {}), HasSubstr("secret-pod"));
}

TEST(Doctor, AsksLibcgroupWhichKnowsThisMachinesController) {
  std::string error;
  const Mounts mounts = ask_libcgroup(error);
  EXPECT_EQ(error, "");
  EXPECT_TRUE(std::any_of(mounts.begin(), mounts.end(), [](const auto& m) { return m.first == "cpu"; }));
}

}  // namespace
}  // namespace headroom
