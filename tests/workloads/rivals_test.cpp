// Who else moves limits on this node, and who only poses.
#include "workloads/rivals.hpp"

#include <gtest/gtest.h>

#include "tests/workloads/kube_golden.hpp"

namespace headroom {
namespace {

std::string rival(const std::string& container, const std::string& argument, const std::string& path, const std::string& phase = "Running") {
  const auto list = kube::pods_in(R"({"items":[{"metadata":{"name":"p","namespace":"n","uid":"u"},"spec":{"volumes":[{"name":"v","hostPath":{"path":")" + path +
                                  R"("}}],"containers":[{"name":")" + container + R"(","args":[")" + argument + R"("]}]},"status":{"phase":")" + phase + R"("}}]})");
  return rival_in(PodTable(list.pods));
}

TEST(Rivals, AreNamedWithTheirPods) {
  EXPECT_EQ(rival("koordlet", "--feature-gates=AllAlpha=false,CPUBurst=true", "/sys/fs/cgroup/"), "koordlet with CPUBurst (n/p)");
  EXPECT_EQ(rival("rubik-agent", "", "/sys/fs/cgroup"), "rubik (n/p)");
  EXPECT_EQ(rival("katalyst-agent", "", "/"), "Katalyst's agent (n/p)");
}

TEST(Rivals, OthersAreNone) {
  EXPECT_EQ(rival("koordlet", "--feature-gates=CPUBurst=false", "/sys/fs/cgroup"), "") << "it writes no limits then";
  EXPECT_EQ(rival("rubik", "", "/data"), "") << "a tenant";
  EXPECT_EQ(rival("rubik", "", "/sys/fs/cgroup", "Succeeded"), "");
  EXPECT_EQ(rival("web", "", "/sys/fs/cgroup"), "");
}

}  // namespace
}  // namespace headroom
