// The settings files of a simulated group: text in and out as the kernel's (KERNEL 3-7), and the way from one setting to
// another by writes of single files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cgroups/types/plan.hpp"
#include "cgroups/types/sample.hpp"
#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {

/// v2: quota is cpu.max, which carries the period; there is no period file.
enum class File { quota, period, burst, shares };

std::string read_file(const Kernel& kernel, GroupId group, File file);
/// Errors: gone, absent (v2's period), rejected (also a text that the kernel cannot read).
Result<> write_file(Kernel& kernel, GroupId group, File file, std::string_view text);

/// What inotify would call it.
FileEvent::File event_file(File file);
const char* file_name(File file, Version version);

/// One write: what the file has to hold before it, what it holds after.
struct FileStep {
  File file = File::quota;
  std::string before, after;
};
/// Legal at every step: a falling burst first, a rising one last; on v1 of quota and period the one first that keeps the
/// limit between the two ends (KERNEL 3-5). Only files whose text differs.
std::vector<FileStep> steps_between(const Setting& from, const Setting& to, Version version);

}  // namespace headroom::lab::sim
