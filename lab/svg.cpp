#include "lab/svg.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

namespace headroom::lab {
namespace {

/// Tenths are finer than any screen shows.
std::string num(double value) { return fmt::format("{:g}", static_cast<double>(static_cast<long long>(value * 10 + (value < 0 ? -0.5 : 0.5))) / 10); }

std::string points_of(const std::vector<Point>& points) {
  std::string out;
  for (const auto& p : points) out += (out.empty() ? "" : " ") + num(p.x) + "," + num(p.y);
  return out;
}

const char* word(Anchor anchor) {
  switch (anchor) {
    case Anchor::start: return "start";
    case Anchor::middle: return "middle";
    case Anchor::end: return "end";
  }
  return "";
}

std::string note_of(std::string_view note) { return note.empty() ? "" : "<title>" + escaped(note) + "</title>"; }

std::string box_of(const Box& b) {
  return fmt::format("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", num(b.x), num(b.y), num(b.width), num(b.height));
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        const bool forbidden = byte < 0x20 && c != '\t' && c != '\n' && c != '\r';
        out += forbidden ? std::string("\xEF\xBF\xBD") : std::string(1, c);
      }
    }
  }
  return out;
}

bool Box::meets(const Box& o) const {
  return x < o.x + o.width && o.x < x + width && y < o.y + o.height && o.y < y + height;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string shortened(std::string_view text, std::size_t most) {
  if (characters(text) <= most) return std::string(text);
  std::string out;
  std::size_t seen = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 && ++seen == most) break;
    out += c;
  }
  return out + "\xE2\x80\xA6";
}

Box text_box(Point at, std::string_view text, Anchor anchor, double size) {
  const auto width = static_cast<double>(characters(text)) * size * 0.6;
  const double x = anchor == Anchor::start ? at.x : anchor == Anchor::middle ? at.x - width / 2 : at.x - width;
  return {x, at.y - size * 0.85, width, size * 1.15};
}

void Svg::line(Point a, Point b, std::string_view kind) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>", num(a.x), num(a.y), num(b.x), num(b.y), kind);
}

void Svg::box(const Box& b, std::string_view kind) { bar(b, kind, ""); }

void Svg::bar(const Box& b, std::string_view kind, std::string_view note) {
  body_ += fmt::format("<rect {} class=\"{}\">{}</rect>", box_of(b), kind, note_of(note));
}

void Svg::curve(const std::vector<Point>& points, std::string_view kind, std::string_view name) {
  body_ += fmt::format("<polyline points=\"{}\" class=\"{}\" data-name=\"{}\"/>", points_of(points), kind, escaped(name));
}

void Svg::area(const std::vector<Point>& points, std::string_view kind) {
  body_ += fmt::format("<polygon points=\"{}\" class=\"{}\"/>", points_of(points), kind);
}

void Svg::text(Point at, std::string_view text, Anchor anchor, std::string_view kind) {
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\" class=\"{}\">{}</text>", num(at.x), num(at.y), word(anchor),
                       kind, escaped(text));
}

void Svg::turned_text(Point at, std::string_view text, std::string_view kind) {
  body_ += fmt::format("<text transform=\"translate({},{}) rotate(-90)\" text-anchor=\"middle\" class=\"{}\">{}</text>",
                       num(at.x), num(at.y), kind, escaped(text));
}

void Svg::disc(Point at, double radius, std::string_view kind, std::string_view note) {
  body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\">{}</circle>", num(at.x), num(at.y), num(radius), kind,
                       note_of(note));
}

void Svg::square(Point at, double half, std::string_view kind, std::string_view note) {
  bar({at.x - half, at.y - half, half * 2, half * 2}, kind, note);
}

void Svg::axes(const Axis& x, const Axis& y, std::string_view x_title, std::string_view y_title) {
  for (const auto& tick : y.ticks) {
    line({x.from, y.at(tick.value)}, {x.to, y.at(tick.value)}, "grid");
    text({x.from - 5, y.at(tick.value) + 3.5}, tick.label, Anchor::end, "tick");
  }
  for (const auto& tick : x.ticks) {
    line({x.at(tick.value), y.from}, {x.at(tick.value), y.to}, "grid");
    text({x.at(tick.value), y.from + 14}, tick.label, Anchor::middle, "tick");
  }
  line({x.from, y.from}, {x.to, y.from}, "axis");
  line({x.from, y.from}, {x.from, y.to}, "axis");
  text({(x.from + x.to) / 2, y.from + 30}, x_title, Anchor::middle, "axis-title");
  turned_text({11, (y.from + y.to) / 2}, y_title, "axis-title");
}

std::string Svg::str(std::string_view label, std::string_view extra) const {
  return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" tabindex=\"0\" aria-label=\"{}\"{}{}>{}</svg>",
                     num(width_), num(height_), escaped(label), extra.empty() ? "" : " ", extra, body_);
}

std::size_t free_place(const std::vector<Box>& places, const std::vector<Box>& taken, const Box& within) {
  std::size_t best = 0, fewest = SIZE_MAX;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& p = places[i];
    const bool inside = p.x >= within.x && p.y >= within.y && p.x + p.width <= within.x + within.width &&
                        p.y + p.height <= within.y + within.height;
    const auto met = static_cast<std::size_t>(std::count_if(taken.begin(), taken.end(), [&](const Box& b) { return b.meets(p); }));
    const auto cost = met + (inside ? 0 : 100);
    if (cost >= fewest) continue;
    best = i;
    fewest = cost;
  }
  return best;
}

}  // namespace headroom::lab
