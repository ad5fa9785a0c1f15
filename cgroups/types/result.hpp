// The one error idiom of the project: a value or an Error that names its place.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace headroom {

/// What a caller can do about an error. Classified once, in cgroups/fs, from errno.
enum class Errc {
  gone,       ///< the group was removed (ENODEV, or ENOENT with no cgroup.procs): drop it
  absent,     ///< this kernel has no such file (ENOENT): go without
  denied,     ///< EACCES, EPERM, EROFS: stay in observe and say so
  malformed,  ///< text that is not of its format
  rejected,   ///< the kernel refused the value (EINVAL, ERANGE)
  io          ///< anything else
};

/// @param where  "cpu.max of /kubepods/…" or "headroom.yaml:15:20: classes[0].borrow.upTo"
/// @param detail what was wanted and what was got
struct Error {
  Errc code = Errc::io;
  std::string where;
  std::string detail;
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// Cold: its strings are not made among what runs at every tick.
[[gnu::cold, gnu::noinline]] inline tl::unexpected<Error> fail(Errc code, std::string where, std::string detail) {
  return tl::unexpected<Error>(Error{code, std::move(where), std::move(detail)});
}

}  // namespace headroom
