// What was measured as rows of text: the same for the terminal, Markdown and the page.
#pragma once

#include <string>
#include <vector>

#include "lab/experiment.hpp"
#include "lab/table.hpp"

namespace headroom::lab {

/// Three significant digits, without an exponent.
std::string ms(double value);
/// "1.013"; "-" where there is none.
std::string optional_ratio(const std::optional<double>& value);
const char* word(Verdict::Says says);
const char* word(RunRecord::Fate fate);
/// "step_mean of headroom-file / nolimit"
std::string name_of(const Bar& bar);

/// Each with its head as the first row. run_rows: of at least one run.
std::vector<Row> arm_rows(const std::vector<ArmStats>& arms);
std::vector<Row> run_rows(const std::vector<RunRecord>& runs);
std::vector<Row> verdict_rows(const std::vector<Verdict>& verdicts);
std::vector<Row> finding_rows(const std::vector<Finding>& findings);
/// A curve in at most twenty points, so that it can be read in a terminal; all of them are in the JSON file.
std::vector<Row> series_rows(const Series& series);

}  // namespace headroom::lab
