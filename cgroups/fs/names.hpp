// Paths of groups below a root.
#pragma once

#include <string>
#include <string_view>

namespace headroom::fs {

/// Absolute directory of a group; path "" is the root itself.
std::string joined(const std::string& base, const std::string& path);

/// Names come from the kernel or a configuration: neither may leave the tree. False for "/x" and for any "..".
bool stays_inside(std::string_view path);

}  // namespace headroom::fs
