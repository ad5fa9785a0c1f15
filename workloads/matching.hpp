// Whether a rule of the configuration means a group.
#pragma once

#include <span>
#include <string_view>

#include "workloads/identity.hpp"

namespace headroom {

enum class MatchVerdict {
  no,
  yes,
  unknown   ///< everything that can be told matches, but it also asks what is not known (yet)
};

/// A group as rules see it.
struct Candidate {
  const Identity& identity;
  std::string_view path;
  const Known& known;
  bool worker = false;   ///< worker_labels() has some
};

MatchVerdict matches(const Match& entry, const Candidate& who);

/// The best of a class's entries, and which.
struct Judged {
  MatchVerdict verdict = MatchVerdict::no;
  std::size_t entry = 0;
};
Judged matches(const ClassConfig& config, const Candidate& who);

/// The named groups of the first rule's dockerName that means the container and has a group `port`, which is what makes it a
/// worker of GlobalFunc's; nullopt: none does.
std::optional<TextMap> worker_labels(const DockerContainer& docker, std::span<const ClassConfig> classes);

}  // namespace headroom
