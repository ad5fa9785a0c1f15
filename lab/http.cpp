// Asking our own daemon, over the loopback or its control socket.
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

#include "lab/daemon.hpp"

namespace headroom::lab {
namespace {

constexpr time_t kPatience = 5;   // s

Result<std::string> body_of(const httplib::Result& answer, const std::string& path) {
  if (!answer) return fail(Errc::io, path, httplib::to_string(answer.error()));
  if (answer->status != 200) return fail(Errc::io, path, "status " + std::to_string(answer->status) + ": " + answer->body);
  return answer->body;
}

httplib::Client on_socket(const std::string& path) {
  httplib::Client client(path);
  client.set_address_family(AF_UNIX);
  client.set_read_timeout(kPatience);
  return client;
}

}  // namespace

Result<std::string> http_get(int port, const std::string& path) {
  httplib::Client client("127.0.0.1", port);
  client.set_read_timeout(kPatience);
  return body_of(client.Get(path), path);
}

Result<std::string> http_get(const std::string& socket, const std::string& path) {
  return body_of(on_socket(socket).Get(path), path);
}

Result<std::string> http_post(const std::string& socket, const std::string& path) {
  return body_of(on_socket(socket).Post(path), path);
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
