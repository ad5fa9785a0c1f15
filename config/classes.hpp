// `classes` of a checked text -> rules.
#pragma once

#include <vector>

#include "cgroups/types/class_config.hpp"
#include "config/section.hpp"

namespace headroom {

/// Rules in order. Without the key: what the table says, which is every recognised engine's steps.
std::vector<ClassConfig> classes_of(const Section& top);

/// The table's default of a key that is no scalar, as a tree.
Tree default_tree(const Key& key);

}  // namespace headroom
