// Rows of text as an aligned table or as Markdown.
#pragma once

#include <string>
#include <vector>

namespace headroom::lab {

using Row = std::vector<std::string>;

/// The first row is the head. Every column is as wide as its widest cell (counted in characters, not bytes);
/// the first column is left-aligned, the others right-aligned.
std::string plain_table(const std::vector<Row>& rows);
std::string markdown_table(const std::vector<Row>& rows);

}  // namespace headroom::lab
