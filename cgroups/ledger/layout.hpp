// The bytes of <run>/ledger, and mapping them. For the ledger itself and the guard.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstring>

#include "cgroups/ledger/ledger.hpp"

namespace headroom::ledger {

constexpr std::uint32_t kVersion = 2;
constexpr char kMagic[8] = {'h', 'd', 'r', 'm', 'l', 'd', 'g', '\0'};

/// One intended value. stamp 0: none; else it grows with every use, so that the least recent one makes room.
struct Value {
  std::atomic<std::uint64_t> stamp;
  std::uint32_t check;  ///< over the row's life and the text
  std::uint32_t unused;
  char text[kMaxValue];  ///< padded with zeros
};

/// One file with something of ours. life 0: free; it is stored last and never comes back, so a reader that finds the
/// same life before and after has seen one row.
struct Row {
  std::atomic<std::uint64_t> life;
  std::uint64_t group_life;
  std::uint32_t group;  ///< index into Image::groups
  std::uint32_t check;  ///< over life, group, file and original
  File file;
  char unused[7];
  char original[kMaxValue];  ///< padded with zeros
  Value values[kValues];
};

struct GroupRow {
  std::atomic<std::uint64_t> life;
  std::uint64_t inode;
  std::uint32_t check;  ///< over life, inode and path
  std::uint32_t length;
  char path[kMaxPath];
};

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t size;  ///< of the whole file: another layout is another ledger
  char boot_id[40];
  std::atomic<std::uint32_t> v2;
  std::atomic<std::uint32_t> armed;  ///< a futex: the guard sleeps on it
  std::atomic<std::uint32_t> fence;
  std::atomic<std::uint32_t> writer_pid;
  std::atomic<std::int64_t> beat;
  std::atomic<std::uint32_t> guard_pid;
  std::atomic<std::uint32_t> live;  ///< rows in use; exact while the writer lives, counted again at open()
  std::atomic<std::int64_t> guard_beat;
  std::atomic<std::uint32_t> high;     ///< no row in use at or beyond this index
  std::atomic<std::uint32_t> epoch;    ///< grows when restore() drops rows: the writer's index is stale
  std::atomic<std::uint64_t> changes;  ///< grows with every intend()
  std::atomic<std::uint64_t> next_life;
  pthread_mutex_t writing;  ///< robust, between processes; see wait_for_end_of_writer()
};

struct Image {
  Header header;
  Row rows[kMaxFiles];
  GroupRow groups[kMaxGroups];
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

/// Checksum, and hash of paths: 8 bytes at a time, multiply and fold.
inline std::uint64_t mix(std::uint64_t h, const void* data, std::size_t n) {
  const char* p = static_cast<const char*>(data);
  for (; n > 0; p += 8, n = n > 8 ? n - 8 : 0) {
    std::uint64_t word = 0;
    if (n >= 8)
      std::memcpy(&word, p, 8);
    else
      std::memcpy(&word, p, n);
    h = (h ^ word ^ n) * 0x9E3779B97F4A7C15ULL;
    h ^= h >> 29;
  }
  return h;
}

inline std::uint32_t check_of(const Value& v, std::uint64_t life) {
  return static_cast<std::uint32_t>(mix(life, v.text, kMaxValue) >> 32);
}
inline std::uint32_t check_of(const Row& r, std::uint64_t life) {
  const std::uint64_t about[3] = {r.group_life, r.group, static_cast<std::uint64_t>(r.file)};
  return static_cast<std::uint32_t>(mix(mix(life, about, sizeof about), r.original, kMaxValue) >> 32);
}
inline std::uint32_t check_of(const GroupRow& g, std::uint64_t life) {
  const std::uint64_t about[2] = {g.inode, g.length};
  return static_cast<std::uint32_t>(mix(mix(life, about, sizeof about), g.path, g.length) >> 32);
}

/// Lives and stamps count up from 1: beyond this a word is damage, and there is always room above the largest.
constexpr std::uint64_t kLastCount = UINT64_MAX / 2;

/// A verified copy of one row.
struct Copy {
  File file;
  std::uint64_t inode;
  char path[kMaxPath];
  char original[kMaxValue];
  char values[kValues][kMaxValue];
  std::size_t count;  ///< of values
};

/// @return false: free, torn or changing under our eyes: not (or no longer) ours to put back
bool copy_row(const Image& image, std::uint32_t index, Copy& out);

enum class Missing { fail, create };
/// Maps <run_dir>/ledger. What is of another boot or layout is set aside (Missing::create) or left (fail).
/// @param image  nullptr where nothing could be mapped (io; with Missing::fail also other_boot and corrupt)
Status map_image(const char* run_dir, Missing missing, Image*& image);
void unmap_image(Image* image);
/// Pages that were only looked at need not stay in this process; the file keeps them.
void shed_image(Image* image);

/// Takes header.writing for the calling thread, the only one that will write. Waits for a guard that is putting back what an
/// earlier writer left, half a second at most. Only with the daemon's lock held.
/// @return false: damaged, or held by somebody who does not go on; see renew_image()
bool begin_writing(Header& header);
/// By the thread that began.
void end_writing(Header& header);
/// A new file with the same rows in place of this one, and its image. Whoever holds or waits for the old mutex keeps that one;
/// the guard begins again when it sees the new file. Errors: io, with the old image as it was.
Status renew_image(const char* run_dir, Image*& image);
/// Blocks until the writing thread has ended or has called end_writing(). The kernel says so when that thread dies; the lock on
/// a file falls free only when the process's other threads, its memory and its other files are gone, in a busy node's pod of
/// 100m 2 to 10 ms later (`./test.sh evidence containers`).
/// @return it died: it writes nothing any more, and until end_writing() its successor waits for the caller
bool wait_for_end_of_writer(Header& header);

enum class After { keep, clear };
RestoreResult restore_image(Image& image, After after);

}  // namespace headroom::ledger
