#include "agent/sources/name_service.hpp"

namespace headroom {

NameService::~NameService() {
  pods_.reset();
  docker_.reset();
  units_.reset();
}

void NameService::complain(const char* source, const Error& error) {
  if (board_.failed(source, error.where + ": " + error.detail)) log_.warn(source, error.detail, {{"where", error.where}});
}

void NameService::take(const Sources& sources, const Surroundings& around) {
  const std::lock_guard lock(mutex_);
  if (in_force_ == sources) return;
  const bool other_kubelet = !in_force_ || in_force_->kubelet != sources.kubelet;
  const bool other_docker = !in_force_ || in_force_->docker != sources.docker;
  const bool other_systemd = !in_force_ || in_force_->systemd != sources.systemd;
  in_force_ = sources;
  if (other_kubelet) begin_kubelet(sources.kubelet, around);
  if (other_docker) begin_docker(sources.docker, around);
  if (other_systemd) begin_systemd(sources.systemd, around);
}

void NameService::begin_kubelet(const SourceConfig& config, const Surroundings& around) {
  pods_.reset();
  board_.forget("kubelet");
  const auto place = kubelet_place(config, around);
  if (!place) return complain("kubelet", place.error());
  if (!*place) return;
  auto client = HttpClient::create(**place);
  if (!client) return complain("kubelet", client.error());
  pods_ = std::make_unique<PodWatch>(std::move(*client), (*place)->url, board_, log_);
}

void NameService::begin_docker(const SourceConfig& config, const Surroundings& around) {
  docker_.reset();
  board_.forget("docker");
  const auto place = docker_place(config, around);
  if (!place) return complain("docker", place.error());
  if (!*place) return;
  auto asks = HttpClient::create(**place);
  auto follows = HttpClient::create(**place);
  if (!asks || !follows) return complain("docker", asks ? follows.error() : asks.error());
  docker_ = std::make_unique<DockerWatch>(std::move(*asks), std::move(*follows), board_, log_);
}

void NameService::begin_systemd(const SourceConfig& config, const Surroundings& around) {
  units_.reset();
  board_.forget("systemd");
  const auto place = systemd_place(config, around);
  if (!place) return complain("systemd", place.error());
  if (*place) units_ = std::make_unique<UnitWatch>(**place, board_, log_);
}

void NameService::strangers(const std::vector<Identity>& who) {
  const std::unique_lock lock(mutex_, std::try_to_lock);   // a source that is being ended is nobody to wait for
  if (lock.owns_lock() && pods_) pods_->strangers(who);
}

bool NameService::ask(std::vector<UnitQuestion> questions) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || !units_) return false;
  units_->ask(std::move(questions));
  return true;
}

}  // namespace headroom
