// The pictures of a record. Each says in itself when it shows a simulation, and its figures are also in its label.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lab/record.hpp"
#include "lab/svg.hpp"

namespace headroom::lab {

/// CSS classes that make an arm the same in every picture: colour, dashes. Known arms have their own, others take turns.
std::string look_of(const Record& record, const std::string& arm);

struct Plot {
  std::string title, svg, caption;
};

/// Step mean against neighbours' p95, both relative to `static`: one arm is a point for each kind of neighbour. nullopt:
/// the scenario has no bursts, no neighbours or no static arm.
std::optional<Plot> gain_plot(const Record& record);
/// nullopt: no curves of these.
std::optional<Plot> latency_plot(const Record& record, Who who);
/// nullopt: no arms.
std::optional<Plot> throttled_plot(const Record& record);
/// The first step's container of every arm that was looked at, on the same axes.
std::vector<Plot> timeline_plots(const Record& record);
/// Series of the same unit together.
std::vector<Plot> series_plots(const Record& record);

/// "simulation, not a measurement" in the top right corner of the picture, where it is one.
void mark_simulation(Svg& svg, const Record& record);
/// Label for those who do not see the picture, said to be a simulation where it is one.
std::string spoken(const Record& record, const std::string& label);

}  // namespace headroom::lab
