#include "tests/lab/kill/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

extern "C" {
ssize_t __real_pwrite(int fd, const void* buffer, size_t size, off_t at);
ssize_t __wrap_pwrite(int fd, const void* buffer, size_t size, off_t at) {
  struct stat which {};
  headroom::lab::Disk* disk = headroom::lab::Disk::present();
  if (disk != nullptr && ::fstat(fd, &which) == 0)
    if (const auto done = disk->write(which, {static_cast<const char*>(buffer), size})) return *done;
  return __real_pwrite(fd, buffer, size, at);
}
}

namespace headroom::lab {
namespace {

Disk* the_disk = nullptr;

}  // namespace

Disk* Disk::present() { return the_disk; }

Disk::Disk(sim::SimNode& node) : node_(node) {
  dir_ = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/hr-disk-XXXXXX" : "/tmp/hr-disk-XXXXXX";
  if (::mkdtemp(dir_.data()) == nullptr) throw std::runtime_error("no directory");
  std::filesystem::create_directories(run_dir());
  where_.v2 = node.catalog().v2;
  where_.cpu = dir_ + "/cpu";
  if (where_.v2) where_.unified = where_.cpuacct = where_.cpu;
  std::filesystem::create_directories(where_.cpu);
  places_.emplace(sim::kRoot, Place{where_.cpu, 0, {}});
  the_disk = this;
  follow();
}

Disk::~Disk() {
  the_disk = nullptr;
  for (const auto& [file, open] : open_) ::close(open.fd);
  std::error_code none;
  std::filesystem::remove_all(dir_, none);
}

std::vector<sim::File> Disk::kinds() const {
  if (where_.v2) return {sim::File::quota, sim::File::burst, sim::File::shares};
  return {sim::File::quota, sim::File::period, sim::File::burst, sim::File::shares};
}

void Disk::follow() {
  const Catalog& catalog = node_.catalog();
  std::vector<Slot> gone;
  for (const auto& [slot, place] : places_)
    if (catalog.find(slot) == nullptr) gone.push_back(slot);
  for (auto it = gone.rbegin(); it != gone.rend(); ++it) remove(*it);   // children have the higher numbers
  for (Slot slot = 0; slot < catalog.groups.size(); ++slot)
    if (catalog.find(slot) != nullptr && !places_.contains(slot)) make(slot);
  for (auto& [file, open] : open_) show(file, open);
  if (catalog_.generation == catalog.generation && !catalog_.groups.empty()) return;
  catalog_ = catalog;
  for (const auto& [slot, place] : places_) catalog_.groups[slot]->inode = place.inode;
}

void Disk::make(Slot slot) {
  Place place{where_.cpu + "/" + node_.catalog().find(slot)->path, 0, {}};
  std::filesystem::create_directory(place.dir);
  struct stat made {};
  if (::stat(place.dir.c_str(), &made) != 0) throw std::runtime_error(place.dir);
  place.inode = made.st_ino;
  for (const auto kind : kinds()) {
    const auto path = place.dir + "/" + sim::file_name(kind, node_.kernel().machine().version);
    Open open;
    open.fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
    struct stat which {};
    if (open.fd < 0 || ::fstat(open.fd, &which) != 0) throw std::runtime_error(path);
    open.id = {which.st_dev, which.st_ino};
    by_id_[open.id] = {slot, kind};
    open_.emplace(File{slot, kind}, std::move(open));
  }
  places_.emplace(slot, std::move(place));
}

void Disk::remove(Slot slot) {
  for (const auto kind : kinds()) {
    const auto found = open_.find({slot, kind});
    by_id_.erase(found->second.id);
    ::close(found->second.fd);
    open_.erase(found);
  }
  std::filesystem::remove_all(places_.at(slot).dir);
  places_.erase(slot);
}

void Disk::show(const File& file, Open& open) {
  auto text = sim::read_file(node_.kernel(), file.slot, file.file);
  if (text == open.text) return;
  const std::string line = text + "\n";
  if (::ftruncate(open.fd, 0) != 0 || __real_pwrite(open.fd, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error("disk full");
  open.text = std::move(text);
}

Disk::Texts Disk::texts() const {
  Texts out;
  for (const auto& [file, open] : open_) out.emplace(file, sim::read_file(node_.kernel(), file.slot, file.file));
  return out;
}

bool Disk::put(const Texts& texts) {
  std::size_t left = texts.size() + 1;
  for (std::size_t before = left + 1; left > 0 && left < before;) {
    before = left;
    left = 0;
    for (const auto& [file, text] : texts) {
      if (sim::read_file(node_.kernel(), file.slot, file.file) == text) continue;
      (void)sim::write_file(node_.kernel(), file.slot, file.file, text);
      if (sim::read_file(node_.kernel(), file.slot, file.file) != text) ++left;
    }
  }
  for (auto& [file, open] : open_) show(file, open);
  return left == 0;
}

std::optional<ssize_t> Disk::write(const struct stat& which, std::string_view text) {
  const auto found = by_id_.find({which.st_dev, which.st_ino});
  if (found == by_id_.end()) return std::nullopt;
  const auto result = sim::write_file(node_.kernel(), found->second.slot, found->second.file, text);
  if (!result) {
    errno = EINVAL;
    return -1;
  }
  for (const auto kind : kinds()) show({found->second.slot, kind}, open_.at({found->second.slot, kind}));
  return static_cast<ssize_t>(text.size());
}

GroupFiles* Disk::files(Slot slot) {
  const auto found = places_.find(slot);
  const Group* group = node_.catalog().find(slot);
  if (found == places_.end() || group == nullptr) return nullptr;
  auto& files = found->second.files;
  if (!files) {
    auto opened = GroupFiles::open(where_, group->path);
    if (!opened) return nullptr;
    files.emplace(std::move(*opened));
  }
  return &*files;
}

std::optional<Bandwidth> Disk::last_bandwidth(Slot slot) const {
  if (slot == sim::kRoot) return std::nullopt;
  return node_.bandwidth(slot);
}

}  // namespace headroom::lab
