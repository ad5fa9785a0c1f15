#include "agent/sources/http_client.hpp"

#include <curl/curl.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace headroom {
namespace {

constexpr long kConnectPatience = 3000;   // ms
constexpr std::size_t kLongestLine = 1 << 20;

/// The part of libcurl that is used here, by its own names. It is loaded when the first source needs it: on a node without
/// kubelet or Docker the daemon does without it and the twenty libraries that it brings.
struct Curl {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_reset) easy_reset = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

template <class Function>
bool look_up(void* library, const char* name, Function& into) {
  into = reinterpret_cast<Function>(dlsym(library, name));
  return into != nullptr;
}

Result<Curl> load_library() {
  constexpr const char* kLibrary = "libcurl.so.4";
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);   // for good: what it starts does not end
  if (library == nullptr) return fail(Errc::absent, kLibrary, "install libcurl4: the sources kubelet and docker need it");
  Curl curl;
  const bool all = look_up(library, "curl_global_init", curl.global_init) && look_up(library, "curl_easy_init", curl.easy_init) &&
                   look_up(library, "curl_easy_reset", curl.easy_reset) && look_up(library, "curl_easy_setopt", curl.easy_setopt) &&
                   look_up(library, "curl_easy_perform", curl.easy_perform) && look_up(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                   look_up(library, "curl_easy_cleanup", curl.easy_cleanup) && look_up(library, "curl_easy_strerror", curl.easy_strerror) &&
                   look_up(library, "curl_slist_append", curl.slist_append) && look_up(library, "curl_slist_free_all", curl.slist_free_all);
  if (!all || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail(Errc::absent, kLibrary, "it is not what this program was built for");
  return curl;
}

/// The same one every time, from any thread.
Result<const Curl*> loaded_curl() {
  static const Result<Curl> kLoaded = load_library();
  if (!kLoaded) return tl::unexpected(kLoaded.error());
  return &*kLoaded;
}

Result<std::string> token_of(const std::string& file) {
  std::ifstream in(file);
  std::string token((std::istreambuf_iterator<char>(in)), {});
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty()) return fail(Errc::denied, file, "want a token, got nothing that can be read");
  return token;
}

Errc code_of(long status) {
  if (status == 401 || status == 403) return Errc::denied;
  return status == 404 ? Errc::absent : Errc::io;
}

}  // namespace

struct HttpClient::Handle {
  const Curl* curl = nullptr;
  CURL* easy = nullptr;
  ~Handle() {
    if (easy != nullptr) curl->easy_cleanup(easy);
  }
};

struct HttpClient::Request {
  std::string url;
  long patience = 0;                                          ///< ms; 0: none
  std::size_t most = 0;
  const std::function<void(std::string_view)>* line = nullptr;   ///< null: the body is kept whole
  std::string body;
  bool too_long = false;
  const std::atomic<bool>* stopped = nullptr;

  bool take(std::string_view bytes) {
    body.append(bytes);
    if (line == nullptr) {
      too_long = body.size() > most;
      return !too_long;
    }
    std::size_t begin = 0;
    for (auto end = body.find('\n'); end != std::string::npos; end = body.find('\n', begin)) {
      (*line)(std::string_view(body).substr(begin, end - begin));
      begin = end + 1;
    }
    body.erase(0, begin);
    too_long = body.size() > kLongestLine;
    return !too_long;
  }

  static std::size_t on_bytes(char* bytes, std::size_t, std::size_t count, void* self) {
    return static_cast<Request*>(self)->take({bytes, count}) ? count : 0;
  }
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Request*>(self)->stopped->load() ? 1 : 0;
  }
};

HttpClient::HttpClient(HttpTarget target) : target_(std::move(target)), handle_(std::make_unique<Handle>()) {}

HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::create(HttpTarget target) {
  const auto curl = loaded_curl();
  if (!curl) return tl::unexpected(curl.error());
  std::unique_ptr<HttpClient> out(new HttpClient(std::move(target)));
  out->handle_->curl = *curl;
  out->handle_->easy = (*curl)->easy_init();
  if (out->handle_->easy == nullptr) return fail(Errc::io, out->target_.url, "libcurl has no memory");
  return out;
}

void HttpClient::prepare(Request& request) {
  const Curl& curl = *handle_->curl;
  CURL* easy = handle_->easy;
  curl.easy_reset(easy);   // keeps the connection
  request.stopped = &stopped_;
  curl.easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(easy, CURLOPT_PROXY, "");   // the environment's proxy is not meant for the node's own servers
  curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);   // nobody else is to have the token
  curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectPatience);
  curl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, request.patience);
  curl.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl.easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Request::on_bytes);
  curl.easy_setopt(easy, CURLOPT_WRITEDATA, &request);
  curl.easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl.easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &Request::on_progress);
  curl.easy_setopt(easy, CURLOPT_XFERINFODATA, &request);
  if (!target_.socket.empty()) curl.easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, target_.socket.c_str());
  const std::string& trusted = target_.pin.empty() ? target_.ca : target_.pin;
  if (!trusted.empty()) curl.easy_setopt(easy, CURLOPT_CAINFO, trusted.c_str());
  curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, target_.insecure ? 0L : 1L);
  curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, target_.insecure || !target_.pin.empty() ? 0L : 2L);
}

Result<> HttpClient::perform(Request& request) {
  const Curl& curl = *handle_->curl;
  std::unique_ptr<curl_slist, decltype(curl.slist_free_all)> headers(nullptr, curl.slist_free_all);
  prepare(request);
  if (!target_.token_file.empty()) {
    const auto token = token_of(target_.token_file);
    if (!token) return tl::unexpected(token.error());
    headers.reset(curl.slist_append(nullptr, ("Authorization: Bearer " + *token).c_str()));
    curl.easy_setopt(handle_->easy, CURLOPT_HTTPHEADER, headers.get());
  }
  const CURLcode code = curl.easy_perform(handle_->easy);
  long status = 0;
  curl.easy_getinfo(handle_->easy, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK) return {};
  if (request.too_long) return fail(Errc::malformed, request.url, "the answer is longer than anything that was expected");
  if (code == CURLE_HTTP_RETURNED_ERROR) return fail(code_of(status), request.url, fmt::format("HTTP {}", status));
  if (code == CURLE_ABORTED_BY_CALLBACK) return fail(Errc::io, request.url, "stopped");
  return fail(Errc::io, request.url, curl.easy_strerror(code));
}

Result<std::string> HttpClient::get(const std::string& path, milliseconds patience, std::size_t most) {
  Request request;
  request.url = target_.url + path;
  request.patience = static_cast<long>(patience.count());
  request.most = most;
  if (auto done = perform(request); !done) return tl::unexpected(done.error());
  return std::move(request.body);
}

Result<> HttpClient::follow(const std::string& path, const std::function<void(std::string_view)>& line) {
  Request request;
  request.url = target_.url + path;
  request.line = &line;
  if (auto done = perform(request); !done) return done;
  return fail(Errc::io, request.url, "the server has ended the stream");
}

}  // namespace headroom
