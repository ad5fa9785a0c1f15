// The scratch tree on the real kernel: made as kubelet and runc make it, removed whatever happens.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "cgroups/fs/hierarchy.hpp"
#include "cgroups/fs/tree.hpp"
#include "lab/kube.hpp"

namespace headroom::lab {

constexpr const char* kScratchPrefix = "headroom-lab-";

/// A subtree `headroom-lab-<pid>` in every hierarchy that matters. Its destructor kills what is in it and removes it.
class ScratchTree {
 public:
  /// Removes what dead labs left behind first. Errors: denied (not root), io.
  static Result<ScratchTree> create(const Hierarchy& where, const std::string& name);
  ScratchTree(ScratchTree&& other) noexcept;
  ScratchTree& operator=(ScratchTree&&) = delete;
  ~ScratchTree();

  const Hierarchy& hierarchy() const { return where_; }
  /// The scratch root in the cpu hierarchy: what --cgroup-root of the daemon gets.
  std::string root() const { return where_.cpu + "/" + name_; }
  std::string full(const std::string& path) const { return name_ + "/" + path; }

  /// Directories only; limits are written by settle(). Parents have to be there.
  Result<> make(const std::string& path);
  /// Removes one group with what is below it, killing what runs in it.
  void remove(const std::string& path);
  Result<> attach(const std::string& path, pid_t pid);
  Result<> write_shares(const std::string& path, Shares shares);
  Result<> write_quota(const std::string& path, std::optional<microseconds> quota);
  Result<GroupFiles> open(const std::string& path) const;

 private:
  ScratchTree(Hierarchy where, std::string name);
  Hierarchy where_;
  std::string name_;
  std::vector<std::string> mounts_;      ///< distinct hierarchy directories
  std::vector<std::string> enabled_in_;  ///< v2: where cpu had to be enabled for children, to be undone
};

/// Removes scratch trees whose lab is dead. @return how many
int sweep_stale(const Hierarchy& where);

/// cpu files of every group outside scratch trees, as text: to show afterwards that nothing has changed.
struct TreeValues {
  std::vector<std::pair<std::string, std::string>> files;   ///< path and content, sorted
};
TreeValues read_values(const Hierarchy& where);
/// One line per file whose value differs; groups that came or went are not compared.
std::vector<std::string> differences(const TreeValues& before, const TreeValues& after);

}  // namespace headroom::lab
