// A second opinion on mounts and controllers: libcgroup 2.0 (33 us a write, 0.5 ms to begin with: never in the daemon).
#include <libcgroup.h>

#include "agent/doctor.hpp"

namespace headroom::doctor {

Mounts ask_libcgroup(std::string& error) {
  Mounts out;
  if (const int failed = cgroup_init(); failed != 0) {
    error = cgroup_strerror(failed);
    return out;
  }
  void* handle = nullptr;
  cgroup_mount_point found{};
  int state = cgroup_get_controller_begin(&handle, &found);
  for (; state == 0; state = cgroup_get_controller_next(&handle, &found)) out.emplace_back(found.name, found.path);
  cgroup_get_controller_end(&handle);
  if (state != ECGEOF) error = cgroup_strerror(state);
  return out;
}

}  // namespace headroom::doctor
