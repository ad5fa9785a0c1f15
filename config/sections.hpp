// The parts of the configuration, each read from its own place in the text.
#pragma once

#include "cgroups/types/class_config.hpp"
#include "config/field.hpp"

namespace headroom {

/// `classes`: rules in order. Names are unique; `none` and `system` are taken.
std::vector<ClassConfig> read_classes(const Field& field);

/// One entry of classes[].match. Keys that a path cannot answer are checked and set Match::other.
Match read_match(const Field& field);

/// What holds without the key `classes`: every recognised engine's steps, WORKLOADS.md 5.2.
std::vector<ClassConfig> default_classes();

/// rollout, annotations, breaker, signals, journal, sources: checked, and each named once as not in force.
void check_later_sections(const Map& top);

/// A list of words, each not empty. Empty if it is none (reported).
std::vector<std::string> read_texts(const Field& field, std::string_view wanted);
/// A map of word to word.
void check_text_map(const Field& field, std::string_view wanted);

}  // namespace headroom
