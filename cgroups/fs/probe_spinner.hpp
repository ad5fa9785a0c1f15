// A process that does nothing but use CPU, in the probe's scratch group.
#pragma once

#include <sys/types.h>

#include <string>

#include "cgroups/types/units.hpp"

namespace headroom {

/// Forked in the constructor, killed and reaped in the destructor. It ends by itself when its
/// parent dies, or after 4 s.
class ProbeSpinner {
 public:
  explicit ProbeSpinner(const std::string& group_dir);
  ProbeSpinner(const ProbeSpinner&) = delete;
  ProbeSpinner& operator=(const ProbeSpinner&) = delete;
  ~ProbeSpinner();

  /// Whether the kernel let it into the group; `late`: it had not tried yet when our patience was over.
  enum class Joined { yes, refused, late };
  Joined joined() const { return joined_; }
  /// CPU time that it has used since it joined the group; 0 if it never did. Source: its process clock, which is exact
  /// and needs no cpuacct group.
  nanoseconds cpu_time() const;

 private:
  nanoseconds clock() const;
  pid_t pid_ = -1;
  Joined joined_ = Joined::late;
  nanoseconds at_join_{0};
};

}  // namespace headroom
