// What headroomctl prints on: a terminal with its size and colours, or a file or pipe without either.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/ctl_render.hpp"

namespace headroom {

/// Of stdout, now. Colours on a terminal only, not with NO_COLOR set to anything (no-color.org) nor with TERM=dumb.
Screen screen_now();

/// Cuts every line after `columns` columns (code points; escape sequences take none); 0: as it is.
std::string cut_lines(std::string_view text, std::size_t columns);

/// Rows of a window of so many columns that the text takes, its last line's end included.
std::size_t rows_of(std::string_view text, std::size_t columns);

/// Breaks lines longer than `columns` at blanks and indents what follows; 0: as it is.
std::string wrap_lines(std::string_view text, std::size_t columns, std::size_t indent);

}  // namespace headroom
