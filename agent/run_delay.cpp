#include "agent/run_delay.hpp"

#include <fcntl.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>

namespace headroom {
namespace {

/// The group's own directory and every one below it.
std::vector<std::string> with_subgroups(const std::string& dir) {
  std::vector<std::string> found{dir};
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(dir, error), end; !error && it != end; it.increment(error))
    if (it->is_directory(error)) found.push_back(it->path().string());
  return found;
}

bool is_gone(int error) { return error == ESRCH || error == ENOENT || error == ENODEV; }

}  // namespace

Result<nanoseconds> parse_run_delay(std::string_view text, std::string_view where) {
  const auto blank = text.find(' ');
  std::int64_t value = 0;
  if (blank != std::string_view::npos) {
    const char* begin = text.data() + blank + 1;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
    if (error == std::errc{} && end != begin && value >= 0) return nanoseconds{value};
  }
  return fail(Errc::malformed, std::string(where), "want 'RUN WAIT SLICES', got '" + std::string(text.substr(0, 64)) + "'");
}

Result<> RunDelay::open_thread(int tid) {
  const auto [entry, fresh] = threads_.try_emplace(tid);
  entry->second.listed = true;
  if (!fresh) return {};
  const std::string dir = "/proc/" + std::to_string(tid);
  auto file = fs::open_file(dir, "schedstat", O_RDONLY);
  if (file) {
    entry->second.file = std::move(*file);
    return {};
  }
  threads_.erase(entry);
  // A thread that ended just now, or a kernel without the file: our own thread tells.
  if (file.error().code != Errc::absent) return tl::unexpected(file.error());
  const auto ours = fs::read_once("/proc/self", "schedstat");
  return ours ? Result<>{} : tl::unexpected(ours.error());
}

Result<> RunDelay::refresh() {
  for (auto& [tid, thread] : threads_) thread.listed = false;
  for (const auto& dir : with_subgroups(dir_)) {
    std::ifstream list(dir + "/" + list_);
    for (int tid = 0; list >> tid;)
      if (auto opened = open_thread(tid); !opened) return opened;
  }
  std::erase_if(threads_, [](const auto& entry) { return !entry.second.listed; });
  return {};
}

Result<nanoseconds> RunDelay::total(TimePoint now) {
  if (!started_ || now - refreshed_ >= kRefresh) {
    if (auto done = refresh(); !done) return tl::unexpected(done.error());
    refreshed_ = now;
  }
  std::array<char, 128> buffer;
  for (auto it = threads_.begin(); it != threads_.end();) {
    const long got = fs::read_whole(it->second.file.get(), "/proc", "schedstat", buffer.data(), buffer.size());
    if (got < 0 && is_gone(static_cast<int>(-got))) {
      it = threads_.erase(it);
      continue;
    }
    if (got < 0) return fs::failure(static_cast<int>(-got), "/proc/" + std::to_string(it->first) + "/schedstat");
    const auto delay = parse_run_delay({buffer.data(), static_cast<std::size_t>(got)}, "schedstat");
    if (!delay) return delay;
    // What a thread waited before it was in the group, or before we came, is not told apart; only the first call is.
    if (started_ && *delay > it->second.seen) sum_ += *delay - it->second.seen;
    it->second.seen = *delay;
    ++it;
  }
  started_ = true;
  return sum_;
}

}  // namespace headroom
