// process_* of our own process.
#pragma once

#include <string_view>

#include "metrics/export/export.hpp"

namespace headroom {

/// Of /proc/self; what cannot be read stays 0.
ProcessView read_process();

/// Before there are threads: what a scrape took goes back to the system when it is done, instead of staying with the
/// thread that made it.
void return_memory_early();

/// Now and then: what is free inside the heap goes back too. A small block that lives long would keep everything that was used
/// for a moment below it.
void return_free_memory();

/// @param stat   text of /proc/self/stat
/// @param ticks  clock ticks a second
/// @param page   bytes
/// @param boot   seconds since the epoch (btime of /proc/stat)
ProcessView parse_process(std::string_view stat, double ticks, double page, double boot);

/// Raises the soft limit of open files to the hard one: a group takes up to ten, and 1024 would be 100 groups.
void use_every_file_allowed();

}  // namespace headroom
