// Where the sources are: the configuration, and where it says nothing the pod's environment and the usual places.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "agent/sources/http_client.hpp"
#include "config/config.hpp"

namespace headroom {

/// What a process has around it; a test gives another.
struct Surroundings {
  std::string host_ip;           ///< $HOST_IP, by the Downward API; empty: none
  std::string token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  std::string cluster_ca = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
  std::string docker_socket = "/run/docker.sock";
  std::string booted_by_systemd = "/run/systemd/system";   ///< sd_booted(3)
  std::string system_bus = "/run/dbus/system_bus_socket";
};
Surroundings surroundings();

/// nullopt: it is off, or `auto` and not here. Errors: rejected (an address that cannot be used, or `insecure` towards somebody
/// who is not this node: the token would go to whoever answers).
Result<std::optional<HttpTarget>> kubelet_place(const SourceConfig& config, const Surroundings& around);
Result<std::optional<HttpTarget>> docker_place(const SourceConfig& config, const Surroundings& around);
/// The bus's address as sd-bus(3) takes it.
Result<std::optional<std::string>> systemd_place(const SourceConfig& config, const Surroundings& around);

}  // namespace headroom
