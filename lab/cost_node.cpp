#include "lab/cost_node.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace headroom::lab {
namespace {

constexpr MilliCpu kNearLimit{50}, kLimit{200}, kRequest{100};
constexpr const char* kBorrowerPod = "57e90000";
constexpr const char* kOtherPod = "15000000";

std::int64_t clock_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

void rest(int) {
  for (;;) pause();
}

/// `work` of CPU every `every`, at a phase of its own; a late round is not made up for.
[[noreturn]] void burn(nanoseconds work, nanoseconds every, int phase) {
  std::int64_t at = clock_ns(CLOCK_MONOTONIC) + every.count() * (phase % 16) / 16;
  for (;;) {
    at = std::max(at + every.count(), clock_ns(CLOCK_MONOTONIC));
    const timespec until{at / 1'000'000'000, at % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    const std::int64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + work.count();
    while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
      for (int i = 0; i < 2'000; ++i) __asm__ volatile("");
  }
}

void use_near_quota(int phase) { burn(nanoseconds{kNearLimit.value * 100'000 * 9 / 10}, milliseconds{100}, phase); }
void use_a_little(int phase) { burn(microseconds{500}, milliseconds{50}, phase); }

std::string pod_of(const NodeShape& shape, int pod) {
  const bool borrows = first_container(shape, pod) < shape.borrowers;
  return fmt::format("kubepods/burstable/pod{}-0000-4000-8000-{:012x}", borrows ? kBorrowerPod : kOtherPod, pod);
}

/// A container's name is 64 hexadecimal digits.
std::string id_of(int number) { return fmt::format("{:064x}", number + 0x1000); }

}  // namespace

int first_container(const NodeShape& shape, int pod) {
  return static_cast<int>(static_cast<std::int64_t>(pod) * shape.containers / shape.pods);
}

MilliCpu limit_in(const NodeShape& shape, int container) { return container < shape.near_quota ? kNearLimit : kLimit; }

std::string node_config(Lending lending, int port) {
  std::string text = fmt::format("version: 1\nmode: enforce\nlisten: 127.0.0.1:{}\n", port);
  if (lending == Lending::on) {
    text += fmt::format("classes:\n  - name: step\n    match: [{{path: \"kubepods/burstable/pod{}-*/*\"}}]\n    borrow: {{}}\n",
                        kBorrowerPod);
  }
  return text;
}

Result<CostNode> CostNode::build(const Hierarchy& where, const std::string& name, const NodeShape& shape,
                                 Sandboxes sandboxes) {
  CostNode out;
  auto tree = ScratchTree::create(where, name);
  if (!tree) return tl::unexpected(tree.error());
  out.tree_ = std::make_unique<ScratchTree>(std::move(*tree));
  for (const char* path : {"kubepods", "kubepods/burstable"})
    if (auto ok = out.tree_->make(path); !ok) return tl::unexpected(ok.error());
  for (int pod = 0; pod < shape.pods; ++pod) {
    const std::string path = pod_of(shape, pod);
    if (auto ok = out.tree_->make(path); !ok) return tl::unexpected(ok.error());
    ++out.groups_;
    MilliCpu sum;
    for (int c = first_container(shape, pod); c < first_container(shape, pod + 1); ++c) sum += limit_in(shape, c);
    if (auto ok = out.tree_->write_quota(path, kube_quota(sum)); !ok) return tl::unexpected(ok.error());
    if (sandboxes == Sandboxes::one_a_pod) {
      const std::string sandbox = path + "/" + id_of(0x100000 + pod);
      if (auto ok = out.tree_->make(sandbox); !ok) return tl::unexpected(ok.error());
      if (auto ok = out.tree_->write_shares(sandbox, Shares{2}); !ok) return tl::unexpected(ok.error());
      if (auto ok = out.add_process(sandbox, rest, 0); !ok) return tl::unexpected(ok.error());
    }
    for (int c = first_container(shape, pod); c < first_container(shape, pod + 1); ++c)
      if (auto ok = out.add_container(path + "/" + id_of(c), c, shape); !ok) return tl::unexpected(ok.error());
  }
  return out;
}

Result<> CostNode::add_container(const std::string& path, int index, const NodeShape& shape) {
  if (auto ok = tree_->make(path); !ok) return ok;
  if (auto ok = tree_->write_shares(path, kube_shares({kRequest, {}})); !ok) return ok;
  if (auto ok = tree_->write_quota(path, kube_quota(limit_in(shape, index))); !ok) return ok;
  if (index < shape.near_quota) return add_process(path, use_near_quota, index);
  return add_process(path, index < shape.active ? use_a_little : rest, index);
}

Result<> CostNode::add_process(const std::string& path, void (*run)(int), int argument) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail(Errc::io, "fork", std::strerror(errno));
  if (pid == 0) {
    setpgid(0, 0);   // Ctrl-C is for the lab, which then ends us
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    run(argument);
    _exit(0);
  }
  processes_.push_back(pid);
  ++groups_;
  return tree_->attach(path, pid);
}

CostNode::~CostNode() {
  for (const pid_t pid : processes_) kill(pid, SIGKILL);
  for (const pid_t pid : processes_) waitpid(pid, nullptr, 0);
}

}  // namespace headroom::lab
