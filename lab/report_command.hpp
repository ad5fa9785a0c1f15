// headroom-lab report: files of `run --json` as a page, as Markdown, as CSV.
#pragma once

#include <string>
#include <vector>

#include "cgroups/types/result.hpp"

namespace headroom::lab {

struct ReportOptions {
  std::vector<std::string> files;        ///< at least one
  std::string html, markdown, csv;       ///< where to write; all empty: the Markdown goes to stdout
};

/// Errors: absent (a file), malformed (what is in it, with its place), io (what was to be written). Nothing is written
/// unless every file could be read.
Result<> report(const ReportOptions& options);
/// The same, complaining on stderr. @return exit status
int run_report(const ReportOptions& options);

}  // namespace headroom::lab
