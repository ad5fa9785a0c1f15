// Collects samples into prometheus-cpp families: sorted, unique, and with each name declared once.
#pragma once

#include <prometheus/metric_family.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace headroom {

/// Labels in the order in which they are to be printed.
using Labels = std::vector<prometheus::ClientMetric::Label>;

class Families {
 public:
  void counter(const char* name, const char* help, Labels labels, double value);
  void gauge(const char* name, const char* help, Labels labels, double value);
  void histogram(const char* name, const char* help, const std::array<std::uint64_t, 12>& cumulative, double sum);

  /// Sorted by name, then by labels. A second sample of the same labels replaces the first.
  std::vector<prometheus::MetricFamily> take();

 private:
  struct Family {
    std::string help;
    prometheus::MetricType type = prometheus::MetricType::Untyped;
    std::map<Labels, prometheus::ClientMetric> series;
  };
  void add(const char* name, const char* help, prometheus::MetricType type, prometheus::ClientMetric metric);

  std::map<std::string, Family> families_;
};

}  // namespace headroom
