#include "metrics/export/families.hpp"

#include <utility>

#include "cgroups/types/utf8.hpp"
#include "metrics/export/export.hpp"

namespace headroom {

void Families::add(const char* name, const char* help, prometheus::MetricType type, prometheus::ClientMetric metric) {
  Family& family = families_[name];
  family.help = help;
  family.type = type;
  for (auto& label : metric.label) label.value = as_utf8(label.value);   // a reason may hold a path
  Labels key = metric.label;
  family.series.insert_or_assign(std::move(key), std::move(metric));
}

void Families::counter(const char* name, const char* help, Labels labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = value;
  add(name, help, prometheus::MetricType::Counter, std::move(metric));
}

void Families::gauge(const char* name, const char* help, Labels labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  add(name, help, prometheus::MetricType::Gauge, std::move(metric));
}

void Families::histogram(const char* name, const char* help, const std::array<std::uint64_t, 12>& cumulative,
                         double sum) {
  prometheus::ClientMetric metric;
  metric.histogram.sample_count = cumulative.back();
  metric.histogram.sample_sum = sum;
  for (std::size_t i = 0; i < cumulative.size(); ++i) metric.histogram.bucket.push_back({cumulative[i], kTickBuckets[i]});
  add(name, help, prometheus::MetricType::Histogram, std::move(metric));
}

std::vector<prometheus::MetricFamily> Families::take() {
  std::vector<prometheus::MetricFamily> out;
  out.reserve(families_.size());
  for (auto& [name, family] : families_) {
    prometheus::MetricFamily flat{name, std::move(family.help), family.type, {}};
    flat.metric.reserve(family.series.size());
    for (auto& [labels, metric] : family.series) flat.metric.push_back(std::move(metric));
    out.push_back(std::move(flat));
  }
  families_.clear();
  return out;
}

}  // namespace headroom
