#include "lab/table.hpp"

#include <algorithm>

namespace headroom::lab {
namespace {

std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::vector<std::size_t> widths(const std::vector<Row>& rows) {
  std::vector<std::size_t> out;
  for (const auto& row : rows) {
    out.resize(std::max(out.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) out[i] = std::max(out[i], width(row[i]));
  }
  return out;
}

std::string padded(const std::string& cell, std::size_t to, std::size_t column) {
  const std::string blanks(to - width(cell), ' ');
  return column == 0 ? cell + blanks : blanks + cell;
}

}  // namespace

std::string plain_table(const std::vector<Row>& rows) {
  const auto columns = widths(rows);
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows[r].size(); ++i) line += (i ? "  " : "") + padded(rows[r][i], columns[i], i);
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    if (r != 0) continue;
    for (std::size_t i = 0; i < columns.size(); ++i) out += (i ? "  " : "") + std::string(columns[i], '-');
    out += "\n";
  }
  return out;
}

std::string markdown_table(const std::vector<Row>& rows) {
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const auto& cell : rows[r]) out += "| " + cell + " ";
    out += "|\n";
    if (r != 0) continue;
    for (std::size_t i = 0; i < rows[r].size(); ++i) out += i ? "|---:" : "|---";
    out += "|\n";
  }
  return out;
}

}  // namespace headroom::lab
