// A damaged ledger: read by the guard (restore_image) and by a starting daemon (Ledger::open), over plain files.
//
// The input is a program that damages a good image: byte 0 chooses the reader, then records OP INDEX OFFSET(2) LENGTH
// BYTES…: OP % 4 = 0 patches the header, 1 a row, 2 a group; 3 makes the checksums of row INDEX right again (so that what
// lies behind them is reached too), and with LENGTH > 250 cuts the file to OFFSET * 128 bytes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cgroups/ledger/layout.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace headroom::fuzz {
namespace {

using namespace headroom::ledger;

constexpr std::size_t kGroups = 6, kTouched = 32, kFileKinds = 4;
constexpr const char* kNames[kFileKinds] = {"cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us", "cpu.shares"};
constexpr const char* kOwners[kFileKinds] = {"50000", "100000", "0", "512"};
constexpr const char* kOurs[kFileKinds] = {"80000", "200000", "25000", "64"};

void put(const std::string& path, const char* text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  law(fd >= 0 && ::write(fd, text, std::strlen(text)) >= 0, "the scratch directory is writable");
  ::close(fd);
}

std::string get(const std::string& path) {
  char text[256];
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t n = fd < 0 ? 0 : ::read(fd, text, sizeof text);
  ::close(fd);
  return {text, static_cast<std::size_t>(n < 0 ? 0 : n)};
}

/// A run directory, groups of plain files that hold our values, and the image that says so.
struct World {
  std::string dir, run;
  std::unique_ptr<Image> good = std::make_unique<Image>(), image = std::make_unique<Image>();

  World() {
    std::string name = std::string(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/hr-fuzz-XXXXXX";
    law(::mkdtemp(name.data()) != nullptr, "a scratch directory can be made");
    dir = name;
    run = dir + "/run";
    ::mkdir(run.c_str(), 0700);
    for (std::size_t g = 0; g < kGroups; ++g) ::mkdir(group(g).c_str(), 0700);
    Ledger ledger;
    law(ledger.open(run.c_str()) == Status::ok, "a ledger can be made");
    for (std::size_t g = 0; g + 1 < kGroups; ++g)   // the last group is for a daemon that starts on the damage
      for (std::size_t f = 0; f < kFileKinds; ++f)
        (void)ledger.intend(group(g).c_str(), inode(g), static_cast<File>(f), kOwners[f], kOurs[f]);
    ledger.close();
    Image* mapped = nullptr;
    law(map_image(run.c_str(), Missing::fail, mapped) == Status::ok, "what was made can be mapped");
    std::memcpy(static_cast<void*>(good.get()), static_cast<const void*>(mapped), sizeof(Image));
    std::memcpy(static_cast<void*>(image.get()), static_cast<const void*>(mapped), sizeof(Image));
    unmap_image(mapped);
    fill();
  }
  ~World() {
    std::error_code none;
    std::filesystem::remove_all(dir, none);
  }
  std::string group(std::size_t g) const { return dir + "/g" + std::to_string(g); }
  std::string file(std::size_t g, std::size_t f) const { return group(g) + "/" + kNames[f]; }
  std::uint64_t inode(std::size_t g) const {
    struct stat info {};
    return ::stat(group(g).c_str(), &info) == 0 ? info.st_ino : 0;
  }
  void fill() const {
    for (std::size_t g = 0; g < kGroups; ++g)
      for (std::size_t f = 0; f < kFileKinds; ++f)
        if (get(file(g, f)) != kOurs[f]) put(file(g, f), kOurs[f]);
  }
  /// What was set aside; each is 5 MiB.
  void sweep() const {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(run, none))
      if (entry.path().filename() != "ledger") std::filesystem::remove(entry.path(), none);
  }
  /// Header, first rows and first groups: nothing else is ever damaged.
  void heal() {
    std::memcpy(static_cast<void*>(&image->header), static_cast<const void*>(&good->header), sizeof(Header));
    std::memcpy(static_cast<void*>(image->rows), static_cast<const void*>(good->rows), kTouched * sizeof(Row));
    std::memcpy(static_cast<void*>(image->groups), static_cast<const void*>(good->groups), kTouched * sizeof(GroupRow));
  }
};

World& world() {
  static World one;
  return one;
}

struct Damage {
  bool by_file = false;
  std::optional<off_t> cut;
};

void patch(void* at, std::size_t whole, std::size_t offset, const std::uint8_t* bytes, std::size_t n) {
  offset %= whole;
  std::memcpy(static_cast<char*>(at) + offset, bytes, std::min(n, whole - offset));
}

/// A path that leads out of the scratch directory keeps its wrong checksum: this process may write anywhere.
bool inside(const GroupRow& group, const World& w) {
  const std::string_view path(group.path, std::min<std::size_t>(group.length, kMaxPath));
  return path.starts_with(w.dir + "/") && path.find("..") == std::string_view::npos;
}

void make_right(World& w, std::size_t index) {
  Row& row = w.image->rows[index];
  const std::uint64_t life = row.life.load();
  if (row.group < kTouched) {
    GroupRow& group = w.image->groups[row.group];
    if (group.length < kMaxPath && inside(group, w)) group.check = check_of(group, row.group_life);
  }
  row.check = check_of(row, life);
  for (Value& v : row.values) v.check = check_of(v, life);
}

Damage damage(World& w, const std::uint8_t* data, std::size_t size) {
  Damage out;
  out.by_file = size > 0 && (data[0] & 1) != 0;
  for (std::size_t at = 1; at + 5 <= size;) {
    const std::uint8_t op = data[at], index = data[at + 1] % kTouched, length = data[at + 4];
    const std::size_t offset = static_cast<std::size_t>(data[at + 2]) | static_cast<std::size_t>(data[at + 3]) << 8;
    at += 5;
    const std::size_t n = op % 4 == 3 ? 0 : std::min<std::size_t>(length, size - at);
    if (op % 4 == 0) patch(static_cast<void*>(&w.image->header), sizeof(Header), offset, data + at, n);
    if (op % 4 == 1) patch(static_cast<void*>(&w.image->rows[index]), sizeof(Row), offset, data + at, n);
    if (op % 4 == 2) patch(static_cast<void*>(&w.image->groups[index]), sizeof(GroupRow), offset, data + at, n);
    if (op % 4 == 3) make_right(w, index);
    if (op % 4 == 3 && length > 250) out.cut = static_cast<off_t>(offset * 128);
    at += n;
  }
  return out;
}

/// What the image says that a file may be put back to, and whether it knows the last group.
struct Said {
  std::set<std::string> originals[kGroups][kFileKinds];
  bool last_group = false;
};

Said read_said(const World& w) {
  Said out;
  Copy copy;
  for (std::uint32_t i = 0; i < kTouched; ++i) {
    if (!copy_row(*w.image, i, copy)) continue;
    for (std::size_t g = 0; g < kGroups; ++g)
      if (w.group(g) == copy.path) {
        out.originals[g][static_cast<std::size_t>(copy.file)].insert(copy.original);
        out.last_group |= g + 1 == kGroups;
      }
  }
  return out;
}

void check_files(const World& w, const Said& said) {
  for (std::size_t g = 0; g < kGroups; ++g)
    for (std::size_t f = 0; f < kFileKinds; ++f) {
      const std::string now = get(w.file(g, f));
      // A plain file keeps the tail of a longer value; the kernel's do not.
      const auto may_be = [&](const std::string& original) { return now.starts_with(original.c_str()); };
      const auto& originals = said.originals[g][f];
      law(now == kOurs[f] || std::any_of(originals.begin(), originals.end(), may_be),
          "a file keeps its value, or gets one that the ledger says was its owner's");
    }
}

void store(const World& w, const Damage& how) {
  const int fd = ::open((w.run + "/ledger").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  law(fd >= 0 && ::ftruncate(fd, sizeof(Image)) == 0, "the ledger's file can be written");
  const auto part = [&](const void* at, std::size_t n) {
    const auto offset = static_cast<const char*>(at) - reinterpret_cast<const char*>(w.image.get());
    law(::pwrite(fd, at, n, offset) == static_cast<ssize_t>(n), "the ledger's file takes the bytes");
  };
  part(&w.image->header, sizeof(Header));
  part(w.image->rows, kTouched * sizeof(Row));
  part(w.image->groups, kTouched * sizeof(GroupRow));
  if (how.cut) (void)::ftruncate(fd, *how.cut);
  ::close(fd);
}

/// A daemon starts on what is there, lends once, and dies: what it intended is put back, whatever the rest looks like.
void start_daemon(const World& w, const Said& said) {
  const std::size_t last = kGroups - 1;
  Ledger ledger;
  const Status status = ledger.open(w.run.c_str());
  law(ledger.is_open() == (status != Status::io), "a damaged ledger is used, or set aside for a new one");
  if (!ledger.is_open()) return;
  ledger.set_v2(false);   // as the daemon says at every start
  law(ledger.entries() <= kMaxFiles, "there are no more rows than fit");
  const bool full = ledger.entries() == kMaxFiles;
  const Status noted = ledger.intend(w.group(last).c_str(), w.inode(last), File::quota, kOwners[0], kOurs[0]);
  law(noted == Status::ok || full, "there is room for one more");
  ledger.close();
  (void)restore(w.run.c_str(), true);
  if (noted == Status::ok && !said.last_group)
    law(get(w.file(last, 0)).starts_with(kOwners[0]), "what was intended after the start is put back");
}

}  // namespace
}  // namespace headroom::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom::fuzz;
  World& w = world();
  w.heal();
  const Damage how = damage(w, data, size);
  auto said = read_said(w);
  if (how.by_file) {
    store(w, how);
    start_daemon(w, said);
    said.originals[kGroups - 1][0].insert(kOwners[0]);
    w.sweep();
  } else {
    (void)restore_image(*w.image, After::clear);
  }
  check_files(w, said);
  w.fill();
  return 0;
}
