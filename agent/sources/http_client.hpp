// GETs to one server, whole or line by line, by libcurl.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cgroups/types/result.hpp"
#include "cgroups/types/units.hpp"

namespace headroom {

struct HttpTarget {
  std::string url;          ///< "https://10.0.0.1:10250"; with a socket: anything ("http://docker")
  std::string socket;       ///< path of a UNIX socket; empty: none
  std::string ca;           ///< file of authorities; empty: the system's
  std::string pin;          ///< file of the one certificate that is right, whatever it says of names; empty: none
  std::string token_file;   ///< read for every request, since kubelet renews it; empty: none is sent
  bool insecure = false;    ///< the server's certificate is not looked at
};

/// One connection, kept between requests; one thread at a time, but stop() from any.
class HttpClient {
 public:
  /// Errors: absent (no libcurl).
  static Result<std::unique_ptr<HttpClient>> create(HttpTarget target);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// A whole body, in `patience` at most and of `most` bytes at most. Errors: denied (401, 403, a token that cannot be read),
  /// absent (404), malformed (too long), io (everything else; the detail is a sentence).
  Result<std::string> get(const std::string& path, milliseconds patience, std::size_t most);
  /// Each line of a body that does not end by itself, as soon as it is there, until the server ends it. Errors: as get; also io
  /// when the server ended it or stop() was called.
  Result<> follow(const std::string& path, const std::function<void(std::string_view)>& line);
  /// What is under way ends within a second or so, and what comes after it at once.
  void stop() { stopped_.store(true); }

 private:
  struct Request;
  explicit HttpClient(HttpTarget target);
  void prepare(Request& request);
  Result<> perform(Request& request);

  HttpTarget target_;
  struct Handle;
  std::unique_ptr<Handle> handle_;
  std::atomic<bool> stopped_{false};
};

}  // namespace headroom
