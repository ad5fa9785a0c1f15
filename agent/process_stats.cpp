#include "agent/process_stats.hpp"

#include <dirent.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace headroom {
namespace {

std::string slurp(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

double boot_time(const std::string& stat) {
  const auto at = stat.find("\nbtime ");
  return at == std::string::npos ? 0 : std::strtod(stat.c_str() + at + 7, nullptr);
}

double count_fds() {
  struct stat there{};   // since Linux 6.2 their number; a directory of ten thousand takes 20 ms to list
  if (stat("/proc/self/fd", &there) == 0 && there.st_size > 0) return static_cast<double>(there.st_size);
  DIR* dir = opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  double n = -3;   // ".", ".." and the directory's own
  while (readdir(dir) != nullptr) ++n;
  closedir(dir);
  return n;
}

}  // namespace

ProcessView parse_process(std::string_view stat, double ticks, double page, double boot) {
  ProcessView view;
  const auto close = stat.rfind(')');   // the name may hold blanks and parentheses
  if (close == std::string_view::npos || ticks <= 0) return view;
  std::istringstream in{std::string(stat.substr(close + 1))};
  const std::vector<std::string> field{std::istream_iterator<std::string>(in), {}};
  // proc(5) counts from 1 and field 3 (state) is the first after the name: utime 14, stime 15, num_threads 20,
  // starttime 22, vsize 23, rss 24.
  if (field.size() < 22) return view;
  const auto number = [&](std::size_t n) { return std::strtod(field[n - 3].c_str(), nullptr); };
  view.cpu_seconds = (number(14) + number(15)) / ticks;
  view.threads = number(20);
  view.start_time_seconds = boot + number(22) / ticks;
  view.virtual_bytes = number(23);
  view.resident_bytes = number(24) * page;
  return view;
}

ProcessView read_process() {
  ProcessView view = parse_process(slurp("/proc/self/stat"), static_cast<double>(sysconf(_SC_CLK_TCK)),
                                   static_cast<double>(sysconf(_SC_PAGESIZE)), boot_time(slurp("/proc/stat")));
  view.open_fds = count_fds();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) view.max_fds = static_cast<double>(limit.rlim_cur);
  return view;
}

void use_every_file_allowed() {
  const rlimit most{1U << 20, 1U << 20};   // fs.nr_open of a kernel as it comes; only root may ask for more than it was given
  if (setrlimit(RLIMIT_NOFILE, &most) == 0) return;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files);   // refused: groups beyond it are reported one by one
}

void return_memory_early() {
  constexpr int kLarge = 128 * 1024;   // bytes; fixed, or glibc raises it to the largest block that was ever freed
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, kLarge);
  mallopt(M_TRIM_THRESHOLD, kLarge);
}

void return_free_memory() { malloc_trim(0); }

}  // namespace headroom
