#include "agent/sources/pod_watch.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include "agent/clock.hpp"
#include "workloads/kube_pods.hpp"

namespace headroom {
namespace {

constexpr milliseconds kPatience{10'000};
constexpr std::size_t kMost = 64 << 20;
constexpr const char* kName = "kubelet";

const std::string& key_of(const Identity& who) { return who.container_id.empty() ? who.pod_uid : who.container_id; }

/// What to do about it, where that can be told.
std::string advice(const Error& error) {
  if (error.code == Errc::denied) return "; want get on nodes/pods (before Kubernetes 1.33: nodes/proxy) for the ServiceAccount, and a token that is valid";
  if (error.detail.find("SSL") != std::string::npos || error.detail.find("ertificate") != std::string::npos)
    return "; kubelet's certificate may be its own: give sources.kubelet.pin (/var/lib/kubelet/pki/kubelet.crt), ca, or insecure: true";
  return {};
}

}  // namespace

PodWatch::PodWatch(std::unique_ptr<HttpClient> client, std::string place, NameBoard& board, Log& log)
    : client_(std::move(client)), place_(std::move(place)), board_(board), log_(log), times_(monotonic_now()), thread_([this] { work(); }) {}

PodWatch::~PodWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  client_->stop();
  changed_.notify_all();
  thread_.join();
}

void PodWatch::strangers(const std::vector<Identity>& who) {
  const TimePoint now = monotonic_now();
  bool any = false;
  {
    const std::lock_guard lock(mutex_);
    for (const Identity& identity : who) {
      if (identity.pod_uid.empty()) continue;
      times_.stranger(key_of(identity), now);
      any = true;
    }
  }
  if (any) changed_.notify_all();
}

void PodWatch::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const nanoseconds left = times_.next() - monotonic_now();
    if (left > nanoseconds{0}) {
      changed_.wait_for(lock, left);
      continue;
    }
    lock.unlock();
    ask();
    lock.lock();
  }
}

/// An empty list where there were pods is a kubelet that has just begun: it knows better soon.
Result<std::shared_ptr<const PodTable>> PodWatch::read() {
  const auto text = client_->get("/pods", kPatience, kMost);
  if (!text) return tl::unexpected(text.error());
  auto list = parse_pod_list(*text, place_ + "/pods");
  if (!list) return tl::unexpected(list.error());
  if (list->pods.empty() && had_pods_) return fail(Errc::absent, place_ + "/pods", "the list is empty: kubelet has just started");
  had_pods_ = had_pods_ || !list->pods.empty();
  for (const Error& fault : list->faults) log_.warn("kubelet", fault.detail, {{"where", fault.where}});
  return std::make_shared<const PodTable>(std::move(list->pods));
}

void PodWatch::ask() {
  const TimePoint begin = monotonic_now();
  Result<std::shared_ptr<const PodTable>> table = fail(Errc::io, place_, "");
  try {
    table = read();
    malloc_trim(0);   // a parsed list of 250 pods is 10 MB, for a moment
  } catch (const std::exception& e) {   // out of memory, or a library's
    table = fail(Errc::io, place_, e.what());
  }
  const auto knows = [&table](const std::string& key) { return table && (*table)->knows(key); };
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    times_.asked(begin, monotonic_now(), table ? AskTimes::Answered::yes : AskTimes::Answered::no, knows);
  }
  if (!table) {
    const auto& error = table.error();
    if (board_.failed(kName, error.where + ": " + error.detail))
      log_.warn("kubelet", error.detail + advice(error), {{"where", error.where}});
    return;
  }
  board_.publish(std::move(*table));
  board_.answered(kName);
}

}  // namespace headroom
