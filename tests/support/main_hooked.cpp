// headroomd with hooks at which tests kill, stop and watch it. The same daemon otherwise.
//
//   HEADROOM_FAULT=kill:between_writes:3   SIGKILL to itself at the third time that this point is reached
//   HEADROOM_FAULT=stop:after_fence:1      SIGSTOP
//   points: before_intend, after_intend, after_fence, after_write, between_writes (sink);
//           append, published (inside and at the end of a ledger record)
//   HEADROOM_FAULT_STAMP=FILE              CLOCK_MONOTONIC in ns, written immediately before the signal
//   HEADROOM_WRITE_LOG=FILE                a line "directory/file text" for every write that is about to be made
//   HEADROOM_FAULT_PAGE=FILE               system calls of cgroups/fs fail as a test says there (fault_page.hpp)
//   HEADROOM_WRITE_AUDIT=FILE              a line "NANOSECONDS KIND directory/file OLD > NEW" for each, OLD as the file
//                                          reads immediately before
//   HEADROOM_READ_LOG=FILE                 a line "NANOSECONDS PATH" for every pread of the loop, written at the end
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <utility>

#include "agent/daemon.hpp"
#include "agent/kernel_sink.hpp"
#include "cgroups/fs/tree.hpp"
#include "cgroups/ledger/ledger.hpp"
#include "tests/support/fault_page.hpp"

namespace {

using namespace headroom;

struct Fault {
  int signal = 0;
  std::string point;
  long left = 0;
};
Fault fault;      // written before the daemon starts; `left` by its loop's thread only
int write_log = -1, write_audit = -1, stamp = -1;
live::FaultPage* page = nullptr;     // nullptr: no call is to fail
thread_local bool shorten = false;   // the next pread of this thread
bool log_reads = false;
std::string reads;                   // of the loop's thread

long long monotonic() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

void write_stamp() {
  char text[32];
  const int n = std::snprintf(text, sizeof text, "%lld", monotonic());
  if (write(stamp, text, static_cast<size_t>(n)) < 0) std::perror("HEADROOM_FAULT_STAMP");
}

void reached(const char* point) {
  if (fault.signal == 0 || fault.point != point || --fault.left != 0) return;
  if (stamp >= 0) write_stamp();
  kill(getpid(), fault.signal);
}

void at_sink(SinkStage stage) {
  switch (stage) {
    case SinkStage::before_intend: return reached("before_intend");
    case SinkStage::after_intend: return reached("after_intend");
    case SinkStage::after_fence: return reached("after_fence");
    case SinkStage::after_write: return reached("after_write");
    case SinkStage::between_writes: return reached("between_writes");
  }
}

void at_ledger(int stage) { reached(stage == static_cast<int>(ledger::Stage::payload) ? "append" : "published"); }

void put_line(int fd, const std::string& line, const char* who) {
  if (fd >= 0 && write(fd, line.data(), line.size()) < 0) std::perror(who);
}

void at_write(WriteKind kind, const char* dir, const char* file, const char* text) {
  const std::string path = std::string(dir) + "/" + file;
  put_line(write_log, path + " " + text + "\n", "HEADROOM_WRITE_LOG");
  if (write_audit < 0) return;
  std::string old;
  std::ifstream in(path);
  std::getline(in, old);
  put_line(write_audit, std::to_string(monotonic()) + " " + word(kind) + " " + path + " " + old + " > " + text + "\n",
           "HEADROOM_WRITE_AUDIT");
}

/// -1: not asked for.
int open_log(const char* variable) {
  const char* path = std::getenv(variable);
  if (path == nullptr || *path == 0) return -1;
  return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/// @return 0, or the errno that the page asks for
int faulted(const char* call, const char* path) {
  if (page->armed.load(std::memory_order_acquire) == 0 || !page->fits(call, path)) return 0;
  const std::int64_t left = page->left.load();
  if (left == 0) return 0;
  if (left > 0) page->left.store(left - 1);
  page->hits.fetch_add(1);
  if (page->error != live::kShortRead) return page->error;
  shorten = true;
  return 0;
}

/// FaultHook.
int at_call(const char* call, const char* path) {
  if (log_reads && std::strcmp(call, "pread") == 0) {
    reads += std::to_string(monotonic());
    reads.append(" ").append(path).append("\n");
  }
  return page == nullptr ? 0 : faulted(call, path);
}

void keep_reads(const char* file) {
  std::ofstream out(file);
  if (!(out << reads << std::flush)) std::perror("HEADROOM_READ_LOG");
}

bool parse_fault(const std::string& text) {
  const auto first = text.find(':'), second = text.rfind(':');
  if (first == std::string::npos || first == second) return false;
  const std::string how = text.substr(0, first);
  fault.point = text.substr(first + 1, second - first - 1);
  fault.left = std::strtol(text.c_str() + second + 1, nullptr, 10);
  if (how == "kill") fault.signal = SIGKILL;
  if (how == "stop") fault.signal = SIGSTOP;
  return fault.signal != 0 && fault.left > 0;
}

}  // namespace

// Linked with --wrap=pread: what a short read looks like to those who read.
extern "C" ssize_t __real_pread(int fd, void* buffer, size_t size, off_t offset);
extern "C" ssize_t __wrap_pread(int fd, void* buffer, size_t size, off_t offset) {
  return __real_pread(fd, buffer, std::exchange(shorten, false) && size > 1 ? 1 : size, offset);
}

int main(int argc, char** argv) {
  if (const char* text = std::getenv("HEADROOM_FAULT"); text != nullptr && *text != 0 && !parse_fault(text)) {
    std::fprintf(stderr, "HEADROOM_FAULT: want kill|stop:POINT:N, got '%s'\n", text);
    return 2;
  }
  write_log = open_log("HEADROOM_WRITE_LOG");
  write_audit = open_log("HEADROOM_WRITE_AUDIT");
  if (write_log >= 0 || write_audit >= 0) set_write_hook(at_write);
  if (const char* path = std::getenv("HEADROOM_FAULT_STAMP"); path != nullptr && *path != 0)
    stamp = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (const char* path = std::getenv("HEADROOM_FAULT_PAGE"); path != nullptr && *path != 0)
    page = &live::map_fault_page(path);
  const char* read_log = std::getenv("HEADROOM_READ_LOG");
  log_reads = read_log != nullptr && *read_log != 0;
  if (page != nullptr || log_reads) set_fault_hook(at_call);
  set_sink_hook(at_sink);
  ledger::set_stage_hook(at_ledger);
  const int status = headroomd_main(argc, argv);
  if (log_reads) keep_reads(read_log);
  return status;
}
