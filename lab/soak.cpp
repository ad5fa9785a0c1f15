#include "lab/soak.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "lab/daemon.hpp"

extern char** environ;

namespace headroom::lab {

Result<> look_at_process(pid_t pid, SoakReading& into) {
  const std::string dir = "/proc/" + std::to_string(pid);
  std::error_code error;
  into.fds = std::distance(std::filesystem::directory_iterator(dir + "/fd", error), std::filesystem::directory_iterator());
  if (error) return fail(Errc::gone, dir, error.message());
  std::ifstream status(dir + "/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") status >> into.rss_kib;
  return {};
}

void read_metrics(const std::string& body, SoakReading& into) {
  into.series = 0;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('\n', at), body.size());
    if (end > at && body[at] != '#') ++into.series;
    at = end + 1;
  }
  const auto within = [&](const char* bound) {
    return metric_sum(body, "headroom_tick_lateness_seconds_bucket", std::string("le=\"") + bound + "\"");
  };
  into.ticks = within("+Inf");
  into.late_10ms = into.ticks - within("0.01");
  into.late_25ms = into.ticks - within("0.025");
  constexpr std::string_view kLabel = "generation=\"";
  const auto info = body.find("\nheadroom_config_info{");
  const auto at = info == std::string::npos ? info : body.find(kLabel, info);
  if (at != std::string::npos) into.generation = std::strtol(body.c_str() + at + kLabel.size(), nullptr, 10);
}

Result<> ConfigSwap::next() {
  const std::string& version = versions_[static_cast<std::size_t>(done_ + 1) % versions_.size()];
  const std::string fresh = file_ + ".new";
  std::error_code error;
  std::filesystem::copy_file(version, fresh, std::filesystem::copy_options::overwrite_existing, error);
  if (!error) std::filesystem::rename(fresh, file_, error);
  if (error) return fail(Errc::io, version, error.message());
  ++done_;
  return {};
}

Result<> scrape_daemon(int port, SoakReading& into) {
  const auto body = http_get(port, "/metrics");
  if (!body) return tl::unexpected(body.error());
  read_metrics(*body, into);
  return {};
}

RuncStarts::RuncStarts(std::string dir) : dir_(std::move(dir)) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(dir_, none))
    if (entry.path().filename().string().starts_with("bundle")) bundles_.push_back({entry.path(), -1});
  std::sort(bundles_.begin(), bundles_.end(), [](const Bundle& a, const Bundle& b) { return a.path < b.path; });
}

RuncStarts::~RuncStarts() {
  for (Bundle& bundle : bundles_)
    if (bundle.pid > 0) waitpid(bundle.pid, nullptr, 0);   // its container ends by itself within a second
}

void RuncStarts::reap(Bundle& bundle) {
  int status = 0;
  if (bundle.pid <= 0 || waitpid(bundle.pid, &status, WNOHANG) != bundle.pid) return;
  bundle.pid = -1;
  if (status != 0) ++failed_;
}

void RuncStarts::start_next() {
  for (Bundle& bundle : bundles_) reap(bundle);
  if (bundles_.empty()) return;
  Bundle& bundle = bundles_[next_++ % bundles_.size()];
  if (bundle.pid > 0) return;   // the machine is behind: this start is left out
  const std::string root = dir_ + "/state", id = fmt::format("headroom-soak-{}-{}", getpid(), next_), log = dir_ + "/runc.log";
  const char* const argv[] = {"runc", "--root", root.c_str(), "run", "--bundle", bundle.path.c_str(), id.c_str(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  const int error = posix_spawnp(&bundle.pid, argv[0], &files, nullptr, const_cast<char* const*>(argv), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) bundle.pid = -1;
  ++(error == 0 ? started_ : failed_);
}

}  // namespace headroom::lab
