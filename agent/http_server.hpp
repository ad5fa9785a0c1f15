// A small HTTP server on TCP or on a UNIX socket. The library stays in http_server.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cgroups/types/result.hpp"

namespace headroom {

struct HttpReply {
  int status = 200;
  std::string body;
  std::string type = "application/json";
};
using HttpParams = std::map<std::string, std::string>;

enum class HttpMethod { get, post };
struct Route {
  HttpMethod method = HttpMethod::get;
  std::string path;
  std::function<HttpReply(const HttpParams&)> handle;   ///< called on a server's thread
};

/// Two threads each; stops and joins when destroyed.
class HttpServer {
 public:
  /// @param listen  "127.0.0.1:9478", "[::1]:9478", ":9478" (every address), port 0: any
  static Result<HttpServer> on_tcp(const std::string& listen, std::vector<Route> routes);
  /// Answers root and the user that this process runs as, and nobody else (SO_PEERCRED): others get 403.
  /// @param path  made with mode 0600; what is at the path already goes if it is a socket that nobody answers on
  static Result<HttpServer> on_unix(const std::string& path, std::vector<Route> routes);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();

  int port() const;   ///< 0 on a UNIX socket

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One request to a UNIX socket. Errors: absent (nobody there), denied, io.
struct HttpAnswer { int status = 0; std::string body; };
Result<HttpAnswer> ask_unix(const std::string& socket, HttpMethod method, const std::string& path_and_query);

}  // namespace headroom
