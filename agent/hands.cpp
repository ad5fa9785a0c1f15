#include "agent/hands.hpp"

#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "agent/clock.hpp"
#include "agent/denied.hpp"
#include "agent/leftovers.hpp"

namespace headroom {
namespace {

constexpr int kPriority = -10;   // as Enforcement's

/// At a reload there are threads already, and the run lock falls free when the last of them has run to its end.
void raise_every_thread() {
  std::error_code none;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", none)) {
    setpriority(PRIO_PROCESS, static_cast<id_t>(std::atoi(task.path().filename().c_str())), kPriority);
  }
}

}  // namespace

Hands::Taken Hands::take(Mode wanted) {
  if (enforcement_) leave();
  while (waitpid(-1, nullptr, WNOHANG) > 0) {   // the guard of an enforcing time before this one
  }
  mode_ = wanted;
  reason_.clear();
  if (wanted == Mode::off) {
    const auto restored = restore_leftovers(options_.run_dir);
    if (!restored) log_.error("restore", restored.error().detail, {{"at", restored.error().where}});
    else log_.info("restore", sentence(*restored, options_.run_dir));
  }
  if (wanted != Mode::enforce) return Taken::as_asked;
  auto entered = Enforcement::enter(options_, where_, log_);
  if (entered) {
    enforcement_ = std::move(*entered);
    raise_every_thread();
    return Taken::as_asked;
  }
  const Error& e = entered.error();
  mode_ = Mode::observe;
  const bool held = e.code == Errc::rejected && e.where == Enforcement::kLockHeld;
  reason_ = held ? "not enforcing: another headroomd runs on this node: " + e.detail
                 : not_enforcing(e, where_);
  if (held) log_.error("lock", "another headroomd runs on this node: " + e.detail, {{"run_dir", options_.run_dir}});
  else log_.error("mode", reason_);
  return held ? Taken::lock_held : Taken::otherwise;
}

ledger::RestoreResult Hands::observe_instead(std::string reason) {
  mode_ = Mode::observe;
  reason_ = std::move(reason);
  counters_ = counters();
  kernel_.reset();
  return enforcement_->restore();
}

void Hands::make_sink(KernelSource& source) {
  if (!enforcement_) return;
  kernel_ = std::make_unique<KernelSink>(source, &enforcement_->ledger(), source.own_writes(), where_, &monotonic_now);
  kernel_->count_on_from(counters_);
}

bool Hands::leave() {
  counters_ = counters();
  kernel_.reset();
  if (!enforcement_) return true;
  const auto result = enforcement_->leave();
  log_.info("restore", "nothing is enforced from now on: " + sentence(result));
  enforcement_.reset();
  return result.failed == 0;
}

}  // namespace headroom
