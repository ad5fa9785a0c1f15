#include "agent/enforcement.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "agent/clock.hpp"
#include "agent/leftovers.hpp"
#include "cgroups/fs/probe.hpp"

namespace headroom {
namespace {

constexpr seconds kGuardStart{2};
constexpr seconds kGuardAgain{5};
constexpr int kPriority = -10;   // of every thread: the lock falls free when the last of them has run to its end

Capabilities from(const Probed& p) {
  Capabilities can;
  can.v2 = p.v2;
  can.burst_file = p.burst_file;
  can.burst_above_quota = p.burst_above_quota;
  can.parent_child_rule = p.parent_child_rule;
  can.rewrite_refills = p.rewrite_refills;
  can.idle_file = p.idle_file;
  can.group_pressure = p.group_pressure;
  can.assumed = p.assumed;
  return can;
}

Result<> make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail(Errc::denied, path, error.message());
  // Also where it is there already: a read-only mount shows here, before anything is promised.
  if (access(path.c_str(), W_OK | X_OK) != 0) return fail(Errc::denied, path, std::strerror(errno));
  return {};
}

bool anything(const ledger::RestoreResult& r) { return r.restored + r.foreign + r.gone + r.failed > 0; }

std::int64_t now_ns() { return monotonic_now().time_since_epoch().count(); }

}  // namespace

Capabilities assumed_capabilities(const Hierarchy& where) { return from(assume(where)); }

Result<std::unique_ptr<Enforcement>> Enforcement::enter(const Options& options, const Hierarchy& where, Log& log) {
  if (auto made = make_directory(options.run_dir); !made) return tl::unexpected(made.error());
  auto lock = RunLock::acquire(options.run_dir);
  if (!lock) {
    if (lock.error().code == Errc::rejected) return fail(Errc::rejected, kLockHeld, lock.error().detail);
    return tl::unexpected(lock.error());
  }
  std::unique_ptr<Enforcement> self(new Enforcement(options, log, std::move(*lock)));
  if (auto opened = self->open_ledger(where.v2); !opened) return tl::unexpected(opened.error());
  if (auto raised = self->raise_guard(); !raised) return tl::unexpected(raised.error());
  if (auto probed = self->probe_kernel(where); !probed) return tl::unexpected(probed.error());
  self->ledger_.lower_fence();   // of an earlier run: nothing is under way
  self->beat(monotonic_now());
  self->ledger_.set_armed(true);
  setpriority(PRIO_PROCESS, 0, kPriority);   // before there are threads; refused: it is only less punctual
  return self;
}

Enforcement::~Enforcement() {
  if (ledger_.is_open()) leave();
}

Result<> Enforcement::open_ledger(bool v2) {
  const auto opened = ledger_.open(options_.run_dir.c_str());
  if (opened == ledger::Status::other_boot) log_.info("ledger", "a ledger of another boot was set aside: nothing of it is put back");
  else if (opened == ledger::Status::corrupt) log_.warn("ledger", "an unreadable ledger was set aside");
  else if (opened != ledger::Status::ok) return fail(Errc::io, options_.run_dir + "/ledger", std::strerror(errno));
  const auto left = restore();
  if (anything(left)) log_.warn("restore", "an earlier run left something: " + sentence(left));
  ledger_.set_v2(v2);
  return {};
}

Result<> Enforcement::raise_guard() {
  if (options_.guard == GuardUse::none || ledger_.guard_alive(now_ns())) return {};
  auto started = start_guard(options_.guard_path, options_.run_dir);
  if (!started) return tl::unexpected(started.error());
  guard_ = *started;
  guard_started_ = monotonic_now();
  while (!ledger_.guard_alive(now_ns())) {
    if (monotonic_now() - guard_started_ > kGuardStart)
      return fail(Errc::io, options_.guard_path, "the guard did not show itself within 2 s");
    std::this_thread::sleep_for(milliseconds{5});
  }
  return {};
}

Result<> Enforcement::probe_kernel(const Hierarchy& where) {
  const auto probed = probe(where);
  if (!probed) return tl::unexpected(probed.error());
  can_ = from(*probed);
  return {};
}

bool Enforcement::guard_up(TimePoint now) {
  if (guard_ > 0 && waitpid(guard_, nullptr, WNOHANG) == guard_) {
    log_.error("guard", "the guard has ended: hidden leases only until it is back");
    guard_ = -1;
  }
  if (ledger_.guard_alive(now.time_since_epoch().count())) return true;
  if (options_.guard == GuardUse::start && guard_ < 0 && now - guard_started_ > kGuardAgain) {
    guard_started_ = now;
    if (auto started = start_guard(options_.guard_path, options_.run_dir)) guard_ = *started;
    else log_.error("guard", started.error().where + ": " + started.error().detail);
  }
  return false;
}

ledger::RestoreResult Enforcement::restore() {
  if (ledger_.empty()) return {};
  return ledger::restore(options_.run_dir.c_str(), true);
}

ledger::RestoreResult Enforcement::leave() {
  const auto result = restore();
  if (result.failed == 0) ledger_.set_armed(false);   // else the guard tries again when the lock falls free
  ledger_.close();
  return result;
}

}  // namespace headroom
