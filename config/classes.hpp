// `classes` of a checked text -> rules.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cgroups/types/class_config.hpp"
#include "config/section.hpp"

namespace headroom {

/// Rules in order. Without the key: what the table says, which is every recognised engine's steps.
std::vector<ClassConfig> classes_of(const Section& top);

/// Its namespaces, labels and the like, at a key that is a map or a list of texts; empty: not given.
std::map<std::string, std::string> map_at(const Section& entry, std::string_view name);
std::vector<std::string> texts_at(const Section& entry, std::string_view name);

/// The table's default of a key that is no scalar, as a tree.
Tree default_tree(const Key& key);

}  // namespace headroom
