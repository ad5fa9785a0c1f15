// The sample pods, their golden answers, and the configuration that these are by.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "config/config.hpp"
#include "workloads/identity.hpp"
#include "workloads/kube_pods.hpp"

namespace headroom::kube {

using nlohmann::json;

inline std::string golden(const std::string& name) {
  std::ifstream file(HEADROOM_SOURCE_DIR "/tests/golden/" + name);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline PodList pods_in(const std::string& text) {
  auto list = parse_pod_list(text, "sample");
  EXPECT_TRUE(list.has_value()) << list.error().detail;
  return list ? std::move(*list) : PodList{};
}

/// Of the sample configuration: what stands under the ConfigMap's key.
inline Config sample_config() {
  std::istringstream lines(golden("configmap-headroom.yaml"));
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (inside) text += (line.size() > 4 ? line.substr(4) : "") + "\n";
    inside = inside || line.find("headroom.yaml: |") != std::string::npos;
  }
  auto config = parse_config(text, "headroom.yaml");
  EXPECT_TRUE(config.has_value());
  return config ? std::move(*config) : Config{};
}

inline std::string word(KubeQos qos) {
  return qos == KubeQos::guaranteed ? "Guaranteed" : qos == KubeQos::burstable ? "Burstable" : "BestEffort";
}

}  // namespace headroom::kube
