// Static SVG as text: escaping, axes, labels that keep off each other. Units of length are those of the viewBox.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom::lab {

/// Text for XML content and attributes; control characters that XML 1.0 cannot hold become U+FFFD.
std::string escaped(std::string_view text);

struct Point {
  double x = 0, y = 0;
};

struct Tick {
  double value = 0;
  std::string label;
};

enum class AxisKind { linear, log, odds };   ///< odds: log(p / (1 - p)) of a share, so that the tail has room

/// low..high of the data on from..to of the picture; what is outside is put at the edge.
struct Axis {
  AxisKind kind = AxisKind::linear;
  double low = 0, high = 1, from = 0, to = 1;
  std::vector<Tick> ticks{};
  double at(double value) const;
};

/// Round ticks, about `most` of them. low < high is made sure of; log: above 0.
Axis linear_axis(double low, double high, double from, double to, int most);
Axis log_axis(double low, double high, double from, double to, int most);
/// 0.1 % to 99.95 %, with the percentiles that people name.
Axis share_axis(double from, double to);

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  bool meets(const Box& other) const;
};

enum class Anchor { start, middle, end };
/// Where a text of the page's small size comes to lie; wide enough for every usual sans-serif.
Box text_box(Point at, std::string_view text, Anchor anchor, double size);

/// Characters of UTF-8.
std::size_t characters(std::string_view text);
/// At most so many characters, with an ellipsis.
std::string shortened(std::string_view text, std::size_t most);

class Svg {
 public:
  Svg(double width, double height) : width_(width), height_(height) {}
  double width() const { return width_; }
  double height() const { return height_; }

  /// `kind`: CSS classes of the page.
  void line(Point a, Point b, std::string_view kind);
  void box(const Box& box, std::string_view kind);
  void curve(const std::vector<Point>& points, std::string_view kind, std::string_view name);
  void area(const std::vector<Point>& points, std::string_view kind);
  void text(Point at, std::string_view text, Anchor anchor, std::string_view kind);
  void turned_text(Point at, std::string_view text, std::string_view kind);    ///< a quarter to the left, about `at`
  /// With a note that shows on hovering.
  void disc(Point at, double radius, std::string_view kind, std::string_view note);
  void square(Point at, double half, std::string_view kind, std::string_view note);
  void bar(const Box& box, std::string_view kind, std::string_view note);

  /// Grid, ticks and titles of both axes around the area that they span.
  void axes(const Axis& x, const Axis& y, std::string_view x_title, std::string_view y_title);

  /// The whole element. @param label  for those who do not see it; @param extra  more attributes, as written
  std::string str(std::string_view label, std::string_view extra) const;

 private:
  double width_, height_;
  std::string body_;
};

/// First of the places at which a box keeps off everything in `taken`, else the one with the fewest meetings.
/// @return index into `places`, which is not empty
std::size_t free_place(const std::vector<Box>& places, const std::vector<Box>& taken, const Box& within);

}  // namespace headroom::lab
