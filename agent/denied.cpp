#include "agent/denied.hpp"

#include <fmt/format.h>

#include "agent/kernel_sink.hpp"
#include "cgroups/fs/denial.hpp"

namespace headroom {
namespace {

/// Errors of groups name "cpu.max of /kubepods/…": then the hierarchy's own mount is asked about.
Denial denial_of(const Error& error, const Hierarchy& where) {
  return explain_denial(error.where.starts_with('/') ? error.where : where.cpu, read_denial_facts());
}

}  // namespace

std::string not_enforcing(const Error& error, const Hierarchy& where) {
  std::string text = fmt::format("not enforcing: {}: {}", error.where, error.detail);
  if (error.code == Errc::denied) text += "; " + denial_of(error, where).text;
  return text;
}

const Error* all_denied(std::span<const Outcome> outcomes, const SinkCounters& written, const Hierarchy& where) {
  for (const Outcome& o : outcomes) {
    if (!o.error || o.error->code != Errc::denied || o.error->where == kFence) continue;
    if (written.succeeded() == 0 || denial_of(*o.error, where).cause == DenialCause::read_only_mount) return &*o.error;
  }
  return nullptr;
}

}  // namespace headroom
