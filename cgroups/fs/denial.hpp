// Why this process may not write to cgroups, as far as /proc tells: three things that look the same to write(2).
#pragma once

#include <cstdint>
#include <string>

namespace headroom {

enum class DenialCause {
  read_only_mount,
  selinux,
  apparmor,
  not_root,   ///< another user's file, and no CAP_DAC_OVERRIDE
  unknown
};

/// What /proc and /sys say; a file that cannot be read leaves its field empty.
struct DenialFacts {
  std::string mountinfo;             ///< /proc/self/mountinfo
  std::string label;                 ///< /proc/self/attr/current: a SELinux context or an AppArmor profile
  bool selinux_enforcing = false;    ///< /sys/fs/selinux/enforce
  std::uint64_t user = 0;            ///< effective
  std::uint64_t capabilities = 0;    ///< effective
};
DenialFacts read_denial_facts();

/// @param text  what forbids it and the way out, one line
struct Denial {
  DenialCause cause = DenialCause::unknown;
  std::string text;
};
/// @param path  absolute, of what could not be written. Pure. A read-only mount is named before anything else: behind it
/// nobody else is asked.
Denial explain_denial(const std::string& path, const DenialFacts& facts);

}  // namespace headroom
