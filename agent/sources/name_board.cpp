#include "agent/sources/name_board.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace headroom {
namespace {

/// By UID: which of `now` are other than in `before`, and which of `before` are gone.
std::unordered_set<std::string> differences(const PodTable* before, const PodTable& now) {
  std::unordered_set<std::string> out;
  for (const KnownPod& known : now.pods()) {
    const Known was = before == nullptr ? Known{} : before->find(known.pod.uid, {});
    if (was.pod == nullptr || *was.pod != known.pod) out.insert(known.pod.uid);
  }
  if (before == nullptr) return out;
  for (const KnownPod& known : before->pods())
    if (now.find(known.pod.uid, {}).pod == nullptr) out.insert(known.pod.uid);
  return out;
}

}  // namespace

NameBoard::NameBoard() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

NameBoard::~NameBoard() {
  if (fd_ >= 0) close(fd_);
}

void NameBoard::wake() {
  const std::uint64_t one = 1;
  (void)!write(fd_, &one, sizeof one);   // it is readable already where this fails
}

std::unordered_set<std::string> NameBoard::publish(std::shared_ptr<const PodTable> pods) {
  std::shared_ptr<const PodTable> before;
  {
    const std::lock_guard lock(mutex_);
    before = pending_.world.pods;
  }
  auto changed = differences(before.get(), *pods);   // not under the lock: the loop must not wait for it
  const std::lock_guard lock(mutex_);
  pending_.world.pods = std::move(pods);
  if (changed.empty()) return changed;
  pending_.changed.insert(changed.begin(), changed.end());
  wake();
  return changed;
}

void NameBoard::publish(std::shared_ptr<const DockerTable> docker, const std::unordered_set<std::string>& changed) {
  const std::lock_guard lock(mutex_);
  pending_.world.docker = std::move(docker);
  if (changed.empty()) return;
  pending_.changed.insert(changed.begin(), changed.end());
  wake();
}

void NameBoard::publish(UnitAnswer answer) {
  const std::lock_guard lock(mutex_);
  pending_.units.push_back(std::move(answer));
  wake();
}

NameUpdate NameBoard::take() {
  std::uint64_t count = 0;
  (void)!read(fd_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return {pending_.world, std::exchange(pending_.changed, {}), std::exchange(pending_.units, {})};
}

SourceView& NameBoard::view(const std::string& source) {
  const auto found = std::find_if(sources_.begin(), sources_.end(), [&](const SourceView& v) { return v.name == source; });
  return found == sources_.end() ? sources_.emplace_back(SourceView{source, false, false, 0, "it has not answered yet"}) : *found;
}

void NameBoard::answered(const std::string& source) {
  const std::lock_guard lock(mutex_);
  SourceView& v = view(source);
  if (!v.up && v.seen) ++v.reconnects;
  v.up = v.seen = true;
  v.trouble.clear();
}

bool NameBoard::failed(const std::string& source, const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  SourceView& v = view(source);
  v.up = false;
  return std::exchange(v.trouble, trouble) != trouble;
}

void NameBoard::forget(const std::string& source) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sources_, [&](const SourceView& v) { return v.name == source; });
}

std::vector<SourceView> NameBoard::sources() const {
  const std::lock_guard lock(mutex_);
  return sources_;
}

}  // namespace headroom
