// Text for manual pages (man(7)).
#pragma once

#include <string>

namespace headroom::cli::troff {

/// The first line of a page, with the project's version and its date.
std::string title(const std::string& name, int section);
/// Text as it is to be seen: minus signs that can be copied.
std::string plain(const std::string& text);
/// A line of it, never taken for a request.
std::string line(const std::string& text);
std::string bold(const std::string& text);
std::string italic(const std::string& text);

}  // namespace headroom::cli::troff
