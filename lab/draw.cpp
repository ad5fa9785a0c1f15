#include "lab/draw.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "lab/random.hpp"

namespace headroom::lab {
namespace {

constexpr int kMilliCpus = 2'000;

class Drawing {
 public:
  explicit Drawing(std::uint64_t seed) : random_(load_seed(seed, 0, "scenario")) {}

  std::string pods() {
    service("b", "burstable", between(10, 20) * 10, 2);
    service("g", "guaranteed", between(10, 25) * 10, 1);
    for (int kinds = between(1, 3), i = 1; i <= kinds; ++i) steps(i);
    if (between(0, 2) == 0)
      text_ += fmt::format("  - name: hog\n    qos: besteffort\n    class: be\n    containers:\n"
                           "      - {{name: batch, load: {{kind: spin, threads: {}}}}}\n", between(1, 3));
    return std::move(text_);
  }

 private:
  int between(int low, int high) { return low + static_cast<int>(random_.next() % static_cast<std::uint64_t>(high - low + 1)); }

  /// Uses at most half of its request, so that its own limit is not what it waits for.
  void service(const char* letter, const char* qos, int request, int times) {
    const int replicas = between(1, 2), rate = between(5, 10) * 10;
    const int cpu = std::min(between(3, 20) * 100, request * 500 / rate);   // us
    text_ += fmt::format("  - name: service-{}\n    qos: {}\n    class: ls\n    replicas: {}\n    containers:\n"
                         "      - {{name: app, request: {}m, limit: {}m, load: {{kind: request, cpu: {}us, rate: {}}}}}\n",
                         letter, qos, replicas, request, request * times, cpu, rate);
    left_ -= replicas * request;
  }

  void steps(int number) {
    const bool guaranteed = between(0, 4) == 0;
    const int limit = between(2, 12) * 50, request = guaranteed ? limit : limit * between(2, 6) / 10;
    const int replicas = std::min(between(1, 3), left_ / request);
    if (replicas == 0) return;
    left_ -= replicas * request;
    const int threads = between(1, 3), cpu = between(4, 60) * 5, pause = between(3, 25) * 100;   // drawn one after the other
    text_ += fmt::format("  - name: step-{}\n    qos: {}\n    class: step\n    replicas: {}\n    containers:\n"
                         "      - {{name: main, request: {}m, limit: {}m, load: {{kind: burst, threads: {}, cpu: {}ms, pause: {}ms}}}}\n",
                         number, guaranteed ? "guaranteed" : "burstable", replicas, request, limit, threads, cpu, pause);
  }

  Random random_;
  std::string text_;
  int left_ = kMilliCpus;
};

}  // namespace

std::string draw_scenario(std::uint64_t seed) {
  return fmt::format("# Drawn: headroom-lab draw {0}\nscenario: drawn_{0}\ndescription: drawn by seed {0}\nkind: steady\n"
                     "seconds: 26s\nlearn: 12s\nrounds: 3\njudged: [b_p95, g_p95]\npods:\n", seed) + Drawing(seed).pods();
}

}  // namespace headroom::lab
