// The report as one page that needs nothing else: no network, no fonts, no script to be read.
#pragma once

#include <string>
#include <vector>

#include "lab/record.hpp"

namespace headroom::lab {

/// XHTML-conforming HTML 5.
std::string to_html(const std::vector<Record>& records);

/// For a README: each scenario's table of arms with the columns of docs/measured, or its findings, and its verdict in a line.
std::string to_markdown(const std::vector<Record>& records);

/// Style sheet, and a script that only adds a reading line to the latency pictures.
const char* page_style();
const char* page_script();

/// "9 of 9 bars pass", "nothing was judged", "no bar applies to these arms"
std::string verdict_in_words(const Record& record);
/// How to make the record again: its command, or what can be told of it.
std::string command_of(const Record& record);

}  // namespace headroom::lab
