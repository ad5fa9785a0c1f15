#include "agent/leftovers.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "agent/lock.hpp"
#include "agent/options.hpp"
#include "cgroups/ledger/layout.hpp"

namespace headroom {
namespace {

Error cannot_look(const std::string& path, int error) {
  if (error == EACCES || error == EPERM)
    return {Errc::denied, path, std::string(std::strerror(error)) + ": --restore needs the daemon's user, most often root"};
  return {Errc::io, path, std::strerror(error)};
}

/// Only whether there is something to read: the rest is found out under the lock.
Result<Leftovers::Ledger> look(const std::string& run_dir) {
  using Ledger = Leftovers::Ledger;
  struct stat st{};
  if (stat(run_dir.c_str(), &st) != 0) {
    if (errno == ENOENT) return Ledger::no_directory;
    return tl::unexpected(cannot_look(run_dir, errno));
  }
  if (!S_ISDIR(st.st_mode)) return fail(Errc::io, run_dir, "is no directory");
  const std::string path = run_dir + "/ledger";
  if (stat(path.c_str(), &st) == 0) {
    if (access(path.c_str(), R_OK | W_OK) == 0) return Ledger::read;
    return tl::unexpected(cannot_look(path, errno));
  }
  if (errno == ENOENT) return Ledger::none;
  return tl::unexpected(cannot_look(path, errno));
}

Leftovers::Ledger state_of_ledger(const std::string& run_dir) {
  ledger::Image* image = nullptr;
  const auto status = ledger::map_image(run_dir.c_str(), ledger::Missing::fail, image);
  ledger::unmap_image(image);
  switch (status) {
    case ledger::Status::other_boot: return Leftovers::Ledger::other_boot;
    case ledger::Status::corrupt: return Leftovers::Ledger::unreadable;
    case ledger::Status::ok:
    case ledger::Status::full:
    case ledger::Status::too_long:
    case ledger::Status::io: return Leftovers::Ledger::read;
  }
  return Leftovers::Ledger::read;
}

bool nothing(const ledger::RestoreResult& r) { return r.restored + r.foreign + r.gone + r.failed == 0; }

}  // namespace

std::string sentence(const ledger::RestoreResult& r) {
  return fmt::format("{} put back, {} left because they hold somebody else's value, {} gone, {} refused by the kernel",
                     r.restored, r.foreign, r.gone, r.failed);
}

std::string sentence(const Leftovers& left, const std::string& run_dir) {
  switch (left.ledger) {
    case Leftovers::Ledger::no_directory:
      return fmt::format("no ledger in {} (there is no such directory): nothing to put back", run_dir);
    case Leftovers::Ledger::none: return fmt::format("no ledger in {}: nothing to put back", run_dir);
    case Leftovers::Ledger::other_boot:
      return fmt::format("the ledger in {} is of an earlier boot, which forgot every value: set aside, nothing to put back",
                         run_dir);
    case Leftovers::Ledger::unreadable:
      return fmt::format("the ledger in {} is damaged or of another version: set aside as ledger.corrupt, nothing put back",
                         run_dir);
    case Leftovers::Ledger::read: break;
  }
  if (nothing(left.result)) return fmt::format("the ledger in {} has nothing that is out: nothing to put back", run_dir);
  return sentence(left.result);
}

Result<Leftovers> restore_leftovers(const std::string& run_dir) {
  Leftovers out;
  const auto there = look(run_dir);
  if (!there) return tl::unexpected(there.error());
  out.ledger = *there;
  if (out.ledger != Leftovers::Ledger::read) return out;
  auto lock = RunLock::acquire(run_dir);
  if (!lock) return tl::unexpected(lock.error());
  out.ledger = state_of_ledger(run_dir);
  out.result = ledger::restore(run_dir.c_str(), true);
  if (out.result.failed > 0) return fail(Errc::rejected, run_dir + "/ledger", sentence(out.result));
  return out;
}

int restore_only(const std::string& run_dir) {
  constexpr int kDone = 0, kFailed = 1, kLockHeld = 3;   // as Exit
  const auto left = restore_leftovers(run_dir);
  if (!left) {
    const Error& e = left.error();
    const bool held = e.code == Errc::rejected && e.where == run_dir + "/lock";
    std::fprintf(stderr, "headroomd: %s: %s%s\n", e.where.c_str(), e.detail.c_str(),
                 held ? "; ask that daemon: headroomctl restore" : "");
    return held ? kLockHeld : kFailed;
  }
  // The default one goes with every boot, so it may be missing; one that was named is perhaps not the one that was meant.
  const bool mistaken = left->ledger == Leftovers::Ledger::no_directory && run_dir != kDefaultRunDir;
  std::fprintf(mistaken ? stderr : stdout, "%s%s\n", sentence(*left, run_dir).c_str(),
               mistaken ? ". Is it the --run-dir of the daemon that wrote?" : "");
  return mistaken || left->ledger == Leftovers::Ledger::unreadable ? kFailed : kDone;
}

}  // namespace headroom
