#include "lab/cost_replay.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <new>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace headroom::lab {
namespace {

constexpr nanoseconds kOneTick = microseconds{400};   ///< reads closer together than this belong to one tick
constexpr nanoseconds kParting = milliseconds{500};   ///< at the end of a recording the daemon gives everything back

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

void sleep_until(std::int64_t at) {
  const timespec until{at / 1'000'000'000, at % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

struct Line {
  std::int64_t at = 0;
  std::string path;
};

Result<std::vector<Line>> read_log(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(Errc::absent, file, std::strerror(errno));
  std::vector<Line> out;
  for (std::string text; std::getline(in, text);) {
    Line line;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), line.at);
    if (error != std::errc{} || *end != ' ')
      return fail(Errc::malformed, file + ":" + std::to_string(out.size() + 1), "want 'NANOSECONDS PATH', got '" + text + "'");
    line.path.assign(end + 1);
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace

Result<RecordedReads> load_reads(const std::string& file, nanoseconds length) {
  const auto lines = read_log(file);
  if (!lines) return tl::unexpected(lines.error());
  if (lines->empty() || lines->back().at - lines->front().at < (length + kParting).count())
    return fail(Errc::io, file, "the recording is shorter than wanted");
  RecordedReads out;
  out.length = length;
  const std::int64_t end = lines->back().at - kParting.count(), begin = end - length.count();
  std::unordered_map<std::string_view, std::uint32_t> index;
  for (const Line& line : *lines) {
    if (line.at < begin || line.at > end) continue;
    const auto [found, added] = index.try_emplace(line.path, static_cast<std::uint32_t>(out.files.size()));
    if (added) out.files.push_back(line.path);
    out.reads.push_back({nanoseconds{line.at - begin}, found->second});
  }
  return out;
}

void BareReader::run(const RecordedReads& recorded, Page& page) {
  std::vector<int> fds;
  for (const std::string& file : recorded.files) fds.push_back(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  page.ready = 1;
  static char buffer[4096];
  for (;;) {
    while (page.on == 0) usleep(20'000);
    const std::int64_t begin = now_ns();
    for (std::size_t i = 0; i < recorded.reads.size() && page.on != 0;) {
      sleep_until(begin + recorded.reads[i].at.count());
      std::uint64_t made = 0;
      nanoseconds before = recorded.reads[i].at;
      for (; i < recorded.reads.size() && recorded.reads[i].at - before < kOneTick; ++i, ++made) {
        before = recorded.reads[i].at;
        if (pread(fds[recorded.reads[i].file], buffer, sizeof buffer, 0) < 0) continue;
      }
      page.reads += made;
    }
    if (page.on != 0) sleep_until(begin + recorded.length.count());
  }
}

Result<BareReader> BareReader::start(const RecordedReads& reads) {
  BareReader out;
  void* memory = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(Errc::io, "mmap", std::strerror(errno));
  out.page_ = new (memory) Page{};
  out.pid_ = fork();
  if (out.pid_ < 0) return fail(Errc::io, "fork", std::strerror(errno));
  if (out.pid_ == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 50'000UL);   // the daemon's own
    run(reads, *out.page_);
  }
  while (out.page_->ready == 0) usleep(5'000);
  return out;
}

BareReader::BareReader(BareReader&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)), pid_(std::exchange(other.pid_, -1)) {}

BareReader::~BareReader() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (page_ != nullptr) munmap(page_, sizeof(Page));
}

}  // namespace headroom::lab
