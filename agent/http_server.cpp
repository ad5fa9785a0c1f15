#include "agent/http_server.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace headroom {
namespace {

constexpr int kThreads = 2;
constexpr int kSocketSeconds = 5;   // for one read or write
constexpr int kStrangerMs = 100;    // for somebody who is refused anyhow: two threads are all that there are

/// httplib's default is SO_REUSEPORT, with which a second daemon would take half of the scrapes.
void only_reuse_address(int fd) {
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

void answer(const Route& route, const httplib::Request& request, httplib::Response& response) {
  HttpParams params;
  for (const auto& [key, value] : request.params) params.emplace(key, value);
  const HttpReply reply = route.handle(params);
  response.status = reply.status;
  response.set_content(reply.body, reply.type.c_str());
}

bool wait_for(int fd, short events, int timeout_ms) {
  pollfd wait{fd, events, 0};
  int got = poll(&wait, 1, timeout_ms);
  while (got < 0 && errno == EINTR) got = poll(&wait, 1, timeout_ms);
  return got > 0;
}

/// A connected socket as httplib reads and writes it.
class SocketStream final : public httplib::Stream {
 public:
  explicit SocketStream(int fd) : fd_(fd) {}
  bool is_readable() const override { return at_ < have_ || ready(POLLIN); }
  bool is_writable() const override { return ready(POLLOUT); }
  /// Through a buffer: httplib reads its header lines byte by byte.
  ssize_t read(char* to, std::size_t size) override {
    if (at_ == have_) {
      const ssize_t got = ready(POLLIN) ? recv(fd_, buffer_, sizeof buffer_, 0) : -1;
      if (got <= 0) return got;
      at_ = 0;
      have_ = static_cast<std::size_t>(got);
    }
    const std::size_t n = std::min(size, have_ - at_);
    std::memcpy(to, buffer_ + at_, n);
    at_ += n;
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* from, std::size_t size) override {
    return ready(POLLOUT) ? send(fd_, from, size, MSG_NOSIGNAL) : -1;
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return fd_; }

 private:
  bool ready(short events) const { return wait_for(fd_, events, kSocketSeconds * 1000); }
  int fd_;
  char buffer_[4096];
  std::size_t at_ = 0, have_ = 0;
};

/// Root and our own user only, whatever mode somebody has given the socket meanwhile: the kernel says who connected.
class PeerCheckedServer final : public httplib::Server {
 private:
  bool process_and_close_socket(socket_t fd) override {
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    SocketStream stream(fd);
    bool closed = false;
    const bool allowed = known && (peer.uid == 0 || peer.uid == geteuid());
    const bool done = allowed && process_request(stream, true, closed, nullptr);
    if (!allowed) refuse(fd, known ? peer.uid : static_cast<uid_t>(-1));
    shutdown(fd, SHUT_RDWR);
    close(fd);
    return done;
  }
  static void refuse(int fd, uid_t uid) {
    char request[4096];   // what is not read resets the connection before the answer is
    if (wait_for(fd, POLLIN, kStrangerMs)) (void)recv(fd, request, sizeof request, 0);
    const std::string body = fmt::format(
        "{{\"error\":\"uid {} may not use this socket: only root and the daemon's own user (uid {}) may\"}}",
        static_cast<std::int64_t>(static_cast<std::int32_t>(uid)), geteuid());
    const std::string answer = fmt::format("HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
                                           "Content-Length: {}\r\nConnection: close\r\n\r\n{}", body.size(), body);
    (void)send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
};

struct Address { std::string host; int port = 0; };

Result<Address> parse_address(const std::string& listen) {
  const auto colon = listen.rfind(':');
  Address a;
  if (colon != std::string::npos) a.host = listen.substr(0, colon);
  const char* end = listen.data() + listen.size();
  const auto [at, error] = std::from_chars(listen.data() + (colon == std::string::npos ? 0 : colon + 1), end, a.port);
  if (colon == std::string::npos || error != std::errc{} || at != end || a.port < 0 || a.port > 65535)
    return fail(Errc::malformed, "listen", fmt::format("want 'ADDRESS:PORT', got '{}'", listen));
  if (a.host.size() > 2 && a.host.front() == '[' && a.host.back() == ']') a.host = a.host.substr(1, a.host.size() - 2);
  if (a.host.empty()) a.host = "0.0.0.0";
  return a;
}

Errc code_of(int error) {
  if (error == ENOENT || error == ECONNREFUSED) return Errc::absent;
  return error == EACCES || error == EPERM ? Errc::denied : Errc::io;
}

/// Whether somebody answers at a UNIX socket: 0 or an errno.
int try_unix(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) return ENAMETOOLONG;
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int error = connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

struct HttpServer::Impl {
  std::unique_ptr<httplib::Server> owned;
  httplib::Server& server;
  std::vector<Route> routes;
  std::thread thread;
  std::string path;   ///< of the UNIX socket
  int port = 0;

  Impl(std::unique_ptr<httplib::Server> made, std::vector<Route> all)
      : owned(std::move(made)), server(*owned), routes(std::move(all)) {
    server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server.set_keep_alive_max_count(1);   // two threads: nobody may sit on one
    server.set_read_timeout(kSocketSeconds);
    server.set_write_timeout(kSocketSeconds);
    server.set_payload_max_length(64 * 1024);
    server.set_socket_options(only_reuse_address);
    for (const Route& route : routes) {
      const auto handler = [&route](const httplib::Request& q, httplib::Response& r) { answer(route, q, r); };
      if (route.method == HttpMethod::get) server.Get(route.path.c_str(), handler);
      else server.Post(route.path.c_str(), handler);
    }
  }
  ~Impl() {
    server.stop();
    if (thread.joinable()) thread.join();
    if (!path.empty()) unlink(path.c_str());
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// stop() before the accepting loop runs would be lost.
  void start() {
    thread = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
  }
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return impl_->port; }

Result<HttpServer> HttpServer::on_tcp(const std::string& listen, std::vector<Route> routes) {
  const auto address = parse_address(listen);
  if (!address) return tl::unexpected(address.error());
  auto impl = std::make_unique<Impl>(std::make_unique<httplib::Server>(), std::move(routes));
  errno = 0;
  impl->port = address->port;
  const bool bound = address->port != 0 ? impl->server.bind_to_port(address->host, address->port)
                                        : (impl->port = impl->server.bind_to_any_port(address->host)) > 0;
  if (!bound) return fail(code_of(errno), "listen " + listen, errno != 0 ? std::strerror(errno) : "no such address");
  impl->start();
  return HttpServer(std::move(impl));
}

Result<HttpServer> HttpServer::on_unix(const std::string& path, std::vector<Route> routes) {
  struct stat there{};
  if (lstat(path.c_str(), &there) == 0) {
    const int error = S_ISSOCK(there.st_mode) ? try_unix(path) : EEXIST;
    if (error != ECONNREFUSED) return fail(Errc::io, path, error == 0 ? "another daemon answers there" : std::strerror(error));
    unlink(path.c_str());
  }
  auto impl = std::make_unique<Impl>(std::make_unique<PeerCheckedServer>(), std::move(routes));
  impl->server.set_address_family(AF_UNIX);
  errno = 0;
  const mode_t before = umask(0177);
  const bool bound = impl->server.bind_to_port(path, 80);   // any port but 0, which asks for an address
  umask(before);
  if (!bound) return fail(code_of(errno), path, std::strerror(errno));
  impl->path = path;
  impl->start();
  return HttpServer(std::move(impl));
}

Result<HttpAnswer> ask_unix(const std::string& socket, HttpMethod method, const std::string& path_and_query) {
  const int error = try_unix(socket);
  if (error != 0) return fail(code_of(error), socket, std::strerror(error));
  httplib::Client client(socket);
  client.set_address_family(AF_UNIX);
  client.set_read_timeout(10);
  const auto answer = method == HttpMethod::get ? client.Get(path_and_query) : client.Post(path_and_query);
  if (!answer) return fail(Errc::io, socket, httplib::to_string(answer.error()));
  return HttpAnswer{answer->status, answer->body};
}

}  // namespace headroom
