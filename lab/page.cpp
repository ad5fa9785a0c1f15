#include "lab/page.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "lab/plots.hpp"
#include "lab/tables.hpp"

namespace headroom::lab {
namespace {

constexpr const char* kRule =
    "The neighbour rule: static limits are measured twice in every rotation, as A (static) and A' (static2). A run counts if "
    "A'/A of every judged statistic lies within 0.95 to 1.05; otherwise it is void and repeated, and after five void runs all "
    "five are pooled and judged so. Nothing is judged below 30,000 requests to each kind of neighbour and 300 bursts in every "
    "arm, except where a scenario names a smaller sample (wakeup). Every run is listed.";

std::string element(const char* tag, const std::string& attributes, const std::string& content) {
  return fmt::format("<{0}{1}{2}>{3}</{0}>", tag, attributes.empty() ? "" : " ", attributes, content);
}

std::string paragraph(const std::string& kind, const std::string& text) {
  return element("p", kind.empty() ? "" : "class=\"" + kind + "\"", escaped(text)) + "\n";
}

/// What a cell says is also its look.
std::string cell_class(const std::string& text) {
  if (text == "pass" || text == "counts") return " class=\"yes\"";
  if (text == "MISS") return " class=\"no\"";
  if (text == "void" || text == "not judged") return " class=\"unsure\"";
  return "";
}

/// The first column is the row's head. A table may be wider than the page: it scrolls by itself, by keyboard too.
std::string table(const std::string& name, const std::vector<Row>& rows) {
  std::string head, body;
  for (const auto& cell : rows.front()) head += element("th", "scope=\"col\"", escaped(cell));
  for (std::size_t r = 1; r < rows.size(); ++r) {
    std::string line = element("th", "scope=\"row\"", escaped(rows[r].front()));
    for (std::size_t i = 1; i < rows[r].size(); ++i) line += fmt::format("<td{}>{}</td>", cell_class(rows[r][i]), escaped(rows[r][i]));
    body += "<tr>" + line + "</tr>\n";
  }
  return fmt::format("<h4>{0}</h4>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\"><table>\n"
                     "<thead><tr>{1}</tr></thead>\n<tbody>\n{2}</tbody></table></div>\n", escaped(name), head, body);
}

std::string figure(const Plot& plot, const char* kind, const char* heading) {
  return fmt::format("<figure class=\"{}\"><{}>{}</{}>{}{}</figure>\n", kind, heading, escaped(plot.title), heading, plot.svg,
                     plot.caption.empty() ? "" : element("figcaption", "", escaped(plot.caption)));
}

std::string figures(const std::vector<Plot>& plots) {
  std::string out;
  for (const auto& plot : plots) out += figure(plot, "plot", "h4");
  return out.empty() ? "" : "<div class=\"plots\">\n" + out + "</div>\n";
}

std::string head(const std::vector<Record>& records) {
  std::string names;
  for (const auto& r : records) names += (names.empty() ? "" : ", ") + r.scenario;
  return "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n"
         "<title>" + escaped("Headroom lab: " + names) + "</title>\n<style>" + page_style() + "</style>\n</head>\n";
}

std::string id_of(std::size_t number) { return fmt::format("scenario-{}", number + 1); }

bool simulated(const Record& record) { return record.origin == Origin::simulated; }

std::string overview(const std::vector<Record>& records) {
  std::string rows;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& r = records[i];
    rows += fmt::format("<tr><th scope=\"row\"><a href=\"#{}\">{}</a></th><td class=\"words\">{}</td><td class=\"words\">{}</td><td class=\"words\">{}</td></tr>\n",
                        id_of(i), escaped(r.scenario), escaped(verdict_in_words(r)), simulated(r) ? "simulation" : "measured", escaped(r.machine));
  }
  return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Overview\"><table>\n"
         "<thead><tr><th scope=\"col\">scenario</th><th scope=\"col\" class=\"words\">verdict</th><th scope=\"col\" class=\"words\">origin</th>"
         "<th scope=\"col\" class=\"words\">machine</th></tr></thead>\n<tbody>\n" + rows + "</tbody></table></div>\n";
}

std::string gains(const std::vector<Record>& records) {
  std::string out, without;
  for (const auto& r : records) {
    if (const auto plot = gain_plot(r)) out += figure(*plot, "plot main", "h3");
    else without += (without.empty() ? "" : ", ") + r.scenario;
  }
  std::string text = "<section aria-labelledby=\"gain\"><h2 id=\"gain\">Step gain against neighbour harm</h2>\n";
  if (!out.empty()) {
    text += paragraph("", "Good is the lower left: steps take less time than under their static limits, and the requests of their "
                          "neighbours take no longer. Both scales are logarithmic, so twice as fast and half as fast are equally far from 1.");
    text += "<div class=\"plots mains\">\n" + out + "</div>\n";
  }
  if (!without.empty()) text += paragraph("note", "Not in this picture, for want of step bursts, neighbours or a static arm: " + without + ".");
  return text + "</section>\n";
}

std::string legend() {
  const auto entry = [](const char* kind, const char* shape, const char* words) {
    return fmt::format("<li><svg viewBox=\"0 0 22 12\" aria-hidden=\"true\">{}</svg> {}</li>",
                       fmt::format(fmt::runtime(shape), kind), words);
  };
  constexpr const char* kBox = "<rect x=\"1\" y=\"1\" width=\"20\" height=\"10\" class=\"{}\"/>";
  constexpr const char* kLine = "<line x1=\"0\" y1=\"6\" x2=\"22\" y2=\"6\" class=\"{}\"/>";
  return "<ul class=\"legend\">" + entry("usage", kBox, "used, cores") + entry("quota", kLine, "quota, cores") +
         entry("base", kLine, "limit as its owner set it") + entry("lease", kBox, "lease: the quota is above it") +
         entry("stood", kBox, "throttled") + "</ul>\n";
}

double sampled_every_ms(const Record& record) {
  const auto& t = record.timelines.front().t_s;
  return t.size() < 2 ? 0 : (t.back() - t.front()) / static_cast<double>(t.size() - 1) * 1000;
}

std::string timelines(const Record& record) {
  const auto plots = timeline_plots(record);
  if (plots.empty()) return paragraph("note", "No timelines in this file.");
  return "<h3>One step, first seconds of the first rotation</h3>\n" +
         paragraph("", fmt::format("Sampled about every {:.0f} ms, the same step in every arm and on the same scales. A hidden lease refills "
                                   "the pool without changing the quota: it shows as use above the limit.", sampled_every_ms(record))) + legend() + figures(plots);
}

std::string doubts(const Record& record) {
  std::string out;
  if (simulated(record)) out += paragraph("warning", "Simulation, not a measurement: nothing here was measured on a real kernel.");
  std::string small;
  for (const auto& arm : record.arms) {
    const auto why = not_judged(record, arm);
    if (small.find(why) == std::string::npos) small += (small.empty() ? "" : "; ") + why;   // a reason that all share once
  }
  if (!small.empty()) out += paragraph("warning", "Not judged: " + small + ".");
  if (!record.runs.empty() && record.runs.back().fate == RunRecord::Fate::is_void) {
    out += paragraph("warning", "No run has counted: the twins differ by more than 5 %. What is shown is all void runs pooled.");
  }
  return out;
}

std::vector<Row> arms_table(const Record& record) {
  auto rows = arm_rows(record.arms);
  for (std::size_t i = 0; i < record.arms.size(); ++i) {
    if (!not_judged(record, record.arms[i]).empty()) rows[i + 1][0] += " (not judged)";
  }
  return rows;
}

std::string section(const Record& r, std::size_t number) {
  std::string out = fmt::format("<section aria-labelledby=\"{0}\"><h2 id=\"{0}\">{1}</h2>\n", id_of(number), escaped(r.scenario));
  if (!r.description.empty()) out += paragraph("", r.description);
  out += paragraph("machine", r.machine) + doubts(r);
  out += paragraph("verdict", "Verdict: " + verdict_in_words(r) + ".");
  if (!r.verdicts.empty()) out += table("Bars: ratio of a statistic in two arms", verdict_rows(r.verdicts));
  if (!r.arms.empty()) out += table("Arms, latencies in ms; B Burstable, G Guaranteed neighbours", arms_table(r));
  std::vector<Plot> plots;
  for (const auto who : kEverybody) {
    if (auto plot = latency_plot(r, who)) plots.push_back(std::move(*plot));
  }
  if (auto plot = throttled_plot(r)) plots.push_back(std::move(*plot));
  out += figures(plots);
  if (!r.arms.empty() && r.curves.empty()) out += paragraph("note", "No latency curves in this file.");
  if (!r.arms.empty()) out += timelines(r);
  if (!r.findings.empty()) out += table("Findings", finding_rows(r.findings));
  out += figures(series_plots(r));
  if (!r.runs.empty()) out += "<h3>Runs</h3>\n" + paragraph("", kRule) + table("Runs: the twin arms' ratio of every judged statistic", run_rows(r.runs));
  for (const auto& note : r.notes) out += paragraph("note", note);
  return out + "<h3>How to reproduce</h3>\n<pre tabindex=\"0\"><code>" + escaped(command_of(r)) + "</code></pre>\n</section>\n";
}

}  // namespace

std::string to_html(const std::vector<Record>& records) {
  std::string out = head(records) + "<body>\n<a class=\"skip\" href=\"#gain\">To the main picture</a>\n<header><h1>Headroom lab</h1>\n";
  if (std::any_of(records.begin(), records.end(), simulated)) {
    out += paragraph("warning", "Some of what follows is a simulation. It says so in every picture and table of arms that it concerns.");
  }
  out += overview(records) + "</header>\n<main>\n" + gains(records);
  for (std::size_t i = 0; i < records.size(); ++i) out += section(records[i], i);
  return out + "</main>\n<footer>" +
         paragraph("note", "Figures from other machines will differ; ratios within one run are what counts. How it is measured: docs/measuring.md.") +
         "</footer>\n<script>" + page_script() + "</script>\n</body>\n</html>\n";
}

}  // namespace headroom::lab
