#include "agent/sources/docker_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace headroom {
namespace {

constexpr milliseconds kPatience{5'000}, kFirstPause{200};
constexpr seconds kLongestPause{5};
constexpr std::size_t kMost = 16 << 20;
constexpr const char* kName = "docker";

/// ns since the epoch, which is what Docker's events have.
std::int64_t wall_clock() {
  return std::chrono::duration_cast<nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

DockerWatch::DockerWatch(std::unique_ptr<HttpClient> asks, std::unique_ptr<HttpClient> follows, NameBoard& board, Log& log)
    : asks_(std::move(asks)), follows_(std::move(follows)), board_(board), log_(log), thread_([this] { work(); }) {}

DockerWatch::~DockerWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  asks_->stop();
  follows_->stop();
  changed_.notify_all();
  thread_.join();
}

/// False: it is to stop.
bool DockerWatch::rest(nanoseconds pause) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, pause, [this] { return stopping_; });
  return !stopping_;
}

void DockerWatch::work() {
  nanoseconds pause{0};
  do {
    answered_ = false;
    Result<> ended = fail(Errc::io, kName, "");
    try {
      ended = once();
    } catch (const std::exception& e) {   // out of memory, or a library's
      ended = fail(Errc::io, kName, e.what());
    }
    pause = answered_ ? nanoseconds{kFirstPause} : std::clamp<nanoseconds>(2 * pause, kFirstPause, kLongestPause);
    if (!ended && board_.failed(kName, ended.error().where + ": " + ended.error().detail))
      log_.warn(kName, ended.error().detail, {{"where", ended.error().where}});
  } while (rest(pause));
}

/// A list, and what has happened since the last event, or since before the list: what is told twice does no harm.
Result<> DockerWatch::once() {
  if (last_event_ == 0) last_event_ = wall_clock();
  const auto since = fmt::format("&since={}.{:09}", last_event_ / 1'000'000'000, last_event_ % 1'000'000'000);
  if (auto listed = list(); !listed) return listed;
  answered_ = true;
  board_.answered(kName);
  return follows_->follow("/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D" + since, [this](std::string_view line) { event(line); });
}

Result<> DockerWatch::list() {
  const auto text = asks_->get("/containers/json", kPatience, kMost);
  if (!text) return tl::unexpected(text.error());
  const auto listed = parse_docker_list(*text, "docker: /containers/json");
  if (!listed) return tl::unexpected(listed.error());
  std::map<std::string, DockerContainer> now;
  std::unordered_set<std::string> changed;
  for (const DockerContainer& container : *listed) {
    const auto before = containers_.find(container.id);
    if (before == containers_.end() || before->second.name != container.name) changed.insert(container.id);
    now.emplace(container.id, container);
  }
  for (const auto& [id, container] : containers_)
    if (!now.contains(id)) changed.insert(id);
  containers_ = std::move(now);
  publish(changed);
  return {};
}

void DockerWatch::event(std::string_view line) {
  const auto event = parse_docker_event(line);
  if (!event) return log_.warn(kName, event.error().detail, {{"where", event.error().where}});
  last_event_ = std::max(last_event_, event->at);
  switch (event->what) {
    case DockerEvent::What::other: return;
    case DockerEvent::What::gone:
      if (containers_.erase(event->id) != 0) publish({event->id});
      return;
    case DockerEvent::What::appeared:
    case DockerEvent::What::changed: break;
  }
  const auto text = asks_->get("/containers/" + event->id + "/json", kPatience, kMost);
  const auto container = text ? parse_docker_inspect(*text, "docker: " + event->id) : Result<DockerContainer>(tl::unexpected(text.error()));
  if (!container) return;   // gone already: its own event comes
  containers_[event->id] = *container;
  publish({event->id});
}

void DockerWatch::publish(const std::unordered_set<std::string>& changed) {
  std::vector<DockerContainer> all;
  all.reserve(containers_.size());
  for (const auto& [id, container] : containers_) all.push_back(container);
  board_.publish(std::make_shared<const DockerTable>(std::move(all)), changed);
}

}  // namespace headroom
