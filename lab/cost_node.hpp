// A node as large as the cost bars ask for: pods of containers with a process each, some of which use CPU.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "lab/tree.hpp"

namespace headroom::lab {

/// Who is there. The first `borrowers` containers lie in pods of their own class; of them the first `near_quota` use
/// nine tenths of their quota in every period, the next ones up to `active` a few percent of a CPU.
struct NodeShape {
  int containers = 1000, pods = 400, borrowers = 300, active = 50, near_quota = 10;
};

/// Whether every pod has its sandbox beside its containers, as a kubelet's have.
enum class Sandboxes { none, one_a_pod };

class CostNode {
 public:
  /// Every container, and every sandbox, holds a process. Errors: as of ScratchTree; io (fork).
  static Result<CostNode> build(const Hierarchy& where, const std::string& name, const NodeShape& shape,
                                Sandboxes sandboxes);
  CostNode(CostNode&&) noexcept = default;
  CostNode& operator=(CostNode&&) = delete;
  ~CostNode();

  std::string root() const { return tree_->root(); }
  std::size_t groups() const { return groups_; }

 private:
  CostNode() = default;
  Result<> add_container(const std::string& path, int index, const NodeShape& shape);
  Result<> add_process(const std::string& path, void (*run)(int), int argument);

  std::unique_ptr<ScratchTree> tree_;
  std::vector<pid_t> processes_;
  std::size_t groups_ = 0;
};

/// Limit of a container, by its number.
MilliCpu limit_in(const NodeShape& shape, int container);
/// First container of a pod; the pod's last is the one before the next pod's first.
int first_container(const NodeShape& shape, int pod);

enum class Lending { on, off };
/// Default settings; with Lending::on the borrowers' pods are a class that may borrow.
std::string node_config(Lending lending, int port);

}  // namespace headroom::lab
