// A setting as the writes of single files that get there, legal at every step (KERNEL 3, 4). No I/O.
#pragma once

#include <string>
#include <vector>

#include "cgroups/fs/tree.hpp"
#include "cgroups/types/plan.hpp"

namespace headroom {

/// One pwrite: what the file has to hold before it, what it holds after.
struct FileStep {
  CpuFile file = CpuFile::quota;
  std::string before, after;
  friend bool operator==(const FileStep&, const FileStep&) = default;
};

/// Only files whose text differs. A falling burst comes first and a rising one last, so that burst <= quota holds all
/// the time; on v1 quota and period are two files, of which the one goes first that keeps the limit between the two
/// ends (where one does), so that neither parent nor child objects (KERNEL 5). On v2 cpu.max (CpuFile::quota) carries both.
/// @return empty where both are equal, or not of the same kind
std::vector<FileStep> steps_between(const Setting& from, const Setting& to, bool v2);  // NOLINT: as in file_name()

/// The way back, in reverse.
std::vector<FileStep> reversed(const std::vector<FileStep>& steps);

/// Value of the label `file`: the same word on v1 and v2.
const char* file_word(CpuFile file);

}  // namespace headroom
