#include "agent/sources/places.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace headroom {
namespace {

constexpr std::string_view kUnix = "unix:";

bool is_there(const std::string& file) { return access(file.c_str(), R_OK) == 0; }

std::string in_brackets(const std::string& ip) { return ip.find(':') == std::string::npos ? ip : "[" + ip + "]"; }

/// "https://10.0.0.1:10250/x" -> "10.0.0.1", "https://[::1]:10250" -> "::1"
std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  if (url.starts_with('[')) return std::string(url.substr(1, url.find(']') - 1));
  return std::string(url.substr(0, url.find_first_of(":/")));
}

std::string text_of(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  if (address->sa_family == AF_INET6) inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  return text;
}

/// By number: a name may lead anywhere.
bool is_this_node(const std::string& host, const Surroundings& around) {
  if (host.empty()) return false;
  if (host == around.host_ip || host == "::1" || (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos)) return true;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next)
    if (text_of(at->ifa_addr) == host) return true;
  return false;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

Surroundings surroundings() {
  Surroundings out;
  if (const char* ip = std::getenv("HOST_IP")) out.host_ip = ip;
  return out;
}

Result<std::optional<HttpTarget>> kubelet_place(const SourceConfig& config, const Surroundings& around) {
  const bool token = is_there(around.token);
  if (config.use == SourceConfig::Use::off || (config.use == SourceConfig::Use::automatic && (!token || around.host_ip.empty()))) return std::nullopt;
  HttpTarget out;
  out.url = without_slash(config.address);
  if (out.url.empty() && around.host_ip.empty())
    return fail(Errc::rejected, "sources.kubelet", "want an address, or HOST_IP in the environment (status.hostIP by the Downward API)");
  if (out.url.empty()) out.url = "https://" + in_brackets(around.host_ip) + ":10250";
  if (out.url.starts_with(kUnix)) return fail(Errc::rejected, "sources.kubelet.address", fmt::format("want a URL, got \"{}\"", config.address));
  if (config.insecure && !is_this_node(host_of(out.url), around))
    return fail(Errc::rejected, "sources.kubelet.insecure", fmt::format("{} is not an address of this node: give ca or pin", host_of(out.url)));
  out.ca = config.ca.empty() && is_there(around.cluster_ca) ? around.cluster_ca : config.ca;
  out.pin = config.pin;
  out.insecure = config.insecure;
  if (token) out.token_file = around.token;
  return out;
}

Result<std::optional<HttpTarget>> docker_place(const SourceConfig& config, const Surroundings& around) {
  HttpTarget out;
  out.url = "http://docker";
  out.socket = around.docker_socket;
  if (config.use == SourceConfig::Use::off || (config.use == SourceConfig::Use::automatic && access(out.socket.c_str(), R_OK | W_OK) != 0)) return std::nullopt;
  if (config.address.starts_with(kUnix)) {
    out.socket = config.address.substr(kUnix.size());
  } else if (!config.address.empty()) {
    out.url = without_slash(config.address);
    out.socket.clear();
    out.ca = config.ca;
    out.pin = config.pin;
    out.insecure = config.insecure;
    if (config.insecure && !is_this_node(host_of(out.url), around))
      return fail(Errc::rejected, "sources.docker.insecure", fmt::format("{} is not an address of this node", host_of(out.url)));
  }
  return out;
}

Result<std::optional<std::string>> systemd_place(const SourceConfig& config, const Surroundings& around) {
  const bool here = is_there(around.booted_by_systemd) && is_there(around.system_bus);
  if (config.use == SourceConfig::Use::off || (config.use == SourceConfig::Use::automatic && !here)) return std::nullopt;
  if (config.address.empty()) return "unix:path=" + around.system_bus;
  if (!config.address.starts_with(kUnix))
    return fail(Errc::rejected, "sources.systemd.address", fmt::format("want unix: and the path of a bus, got \"{}\"", config.address));
  return "unix:path=" + config.address.substr(kUnix.size());
}

}  // namespace headroom
