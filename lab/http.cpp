// As much HTTP as asking our own daemon needs: one GET, one answer, connection closed.
#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "lab/daemon.hpp"

namespace headroom::lab {
namespace {

Result<std::string> talk(int fd, const std::string& path) {
  const timeval patience{2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const auto ask = fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
  if (send(fd, ask.data(), ask.size(), MSG_NOSIGNAL) < 0) return fail(Errc::io, path, std::strerror(errno));
  std::string answer;
  char buffer[16384];
  for (ssize_t got = 0; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, got);
  const auto body = answer.find("\r\n\r\n");
  if (body == std::string::npos) return fail(Errc::io, path, "no answer");
  if (answer.compare(0, 9, "HTTP/1.1 ") != 0 || answer.compare(9, 3, "200") != 0) {
    return fail(Errc::io, path, answer.substr(0, answer.find("\r\n")));
  }
  return answer.substr(body + 4);
}

Result<std::string> get(int family, const sockaddr* address, socklen_t size, const std::string& path) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, address, size) != 0) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return fail(Errc::io, path, std::strerror(error));
  }
  auto out = talk(fd, path);
  close(fd);
  return out;
}

}  // namespace

Result<std::string> http_get(int port, const std::string& path) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return get(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address, path);
}

Result<std::string> http_get(const std::string& socket_path, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return fail(Errc::io, socket_path, "path too long");
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  return get(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, path);
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool ok = bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  return ok ? ntohs(address.sin_port) : 0;
}

double metric_sum(const std::string& body, const std::string& family, const std::string& label) {
  double sum = 0;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('\n', at), body.size());
    const auto line = std::string_view(body).substr(at, end - at);
    at = end + 1;
    if (line.rfind(family, 0) != 0) continue;
    const char next = line.size() > family.size() ? line[family.size()] : '\0';
    if ((next != '{' && next != ' ') || line.find(label) == std::string_view::npos) continue;
    const auto value = line.substr(line.rfind(' ') + 1);
    double number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc{}) sum += number;
  }
  return sum;
}

}  // namespace headroom::lab
