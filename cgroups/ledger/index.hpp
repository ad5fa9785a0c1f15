// Where the writer finds its rows: paths hashed, free rows and groups listed.
#pragma once

#include "cgroups/ledger/layout.hpp"

namespace headroom::ledger {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::size_t kBuckets = 2 * kMaxGroups;
constexpr std::size_t kFiles = 4;
using Text = char[kMaxValue];  ///< padded with zeros

/// The writer's own index; rebuilt from the image at open() and after restore() has dropped rows.
struct Index {
  Image* image;
  std::uint32_t epoch;
  std::uint32_t buckets[kBuckets];  ///< first group of the chain
  std::uint32_t next[kMaxGroups];
  std::uint32_t rows[kMaxGroups][kFiles];  ///< row of a group's file
  std::uint32_t free_rows[kMaxFiles], free_groups[kMaxGroups];
  std::uint32_t free_row_count, free_group_count;

  static std::size_t bucket(const char* path, std::size_t n) { return mix(n, path, n) >> 32 & (kBuckets - 1); }
  void rebuild();
  void rebuild_groups();
  bool take_row(std::uint32_t i, std::uint64_t& last_life);
  void link(std::uint32_t group);
  void unlink(std::uint32_t group);
  std::uint32_t find(const char* path, std::size_t n) const;
  std::uint32_t add_group(const char* path, std::size_t n, std::uint64_t inode);
  Status add_row(std::uint32_t group, File file, const Text& original, const Text& intended);
  void drop_row(std::uint32_t group, std::size_t file);
  void drop_group_if_empty(std::uint32_t group);
};

/// Adds an intended value to a row that is in use: the least recent one makes room.
void add_value(Row& row, const Text& text);

}  // namespace headroom::ledger
