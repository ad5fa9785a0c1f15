#include "lab/report_command.hpp"

#include <fmt/core.h>

#include "lab/page.hpp"
#include "lab/paths.hpp"

namespace headroom::lab {
namespace {

Result<std::vector<Record>> read_all(const std::vector<std::string>& files) {
  std::vector<Record> out;
  for (const auto& file : files) {
    const auto text = read_text(file);
    if (!text) return tl::unexpected(text.error());
    auto record = parse_record(*text, file);
    if (!record) return tl::unexpected(record.error());
    out.push_back(std::move(*record));
  }
  return out;
}

}  // namespace

Result<> report(const ReportOptions& options) {
  const auto records = read_all(options.files);
  if (!records) return tl::unexpected(records.error());
  if (!options.html.empty()) {
    if (auto ok = write_text(options.html, to_html(*records)); !ok) return ok;
  }
  if (!options.csv.empty()) {
    if (auto ok = write_text(options.csv, to_csv(*records)); !ok) return ok;
  }
  if (!options.markdown.empty()) return write_text(options.markdown, to_markdown(*records));
  if (options.html.empty() && options.csv.empty()) fmt::print("{}", to_markdown(*records));
  return {};
}

int run_report(const ReportOptions& options) {
  const auto ok = report(options);
  if (!ok) fmt::print(stderr, "headroom-lab: {}: {}\n", ok.error().where, ok.error().detail);
  return ok ? 0 : 1;
}

}  // namespace headroom::lab
