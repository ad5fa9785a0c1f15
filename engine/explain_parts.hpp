// What explain_text(), explain_json() and describe() are put together from. Nothing outside engine/explain*.cpp includes this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/explain.hpp"

namespace headroom {

class Object;

/// A line of the screen: its label, and what it says.
std::string explain_line(std::string_view label, const std::string& text);

/// How to undo it.
std::string_view undo_of(const Explanation& e);
/// Annotations of its pod that are not heard, and why.
std::vector<std::string> unheard_of(const Explanation& e, const Catalog& names);

// What a policy of exact values decided, and what would alter it.
std::string law_headline(const Explanation& e, const std::string& name);
std::string law_lines(const Explanation& e, const Catalog& names);
void put_law(Object& out, const Explanation& e);
std::string law_change(const Explanation& e);

}  // namespace headroom
