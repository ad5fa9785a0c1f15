#include "cgroups/fs/node.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace headroom {
namespace {

/// A directory like /sys/devices/system/cpu, one line of siblings a CPU.
struct Topology {
  std::filesystem::path dir = std::filesystem::temp_directory_path() / ("topology-" + std::to_string(getpid()));
  explicit Topology(const std::vector<std::string>& siblings) {
    for (std::size_t cpu = 0; cpu < siblings.size(); ++cpu) {
      const auto topology = dir / ("cpu" + std::to_string(cpu)) / "topology";
      std::filesystem::create_directories(topology);
      std::ofstream(topology / "thread_siblings_list") << siblings[cpu] << "\n";
    }
  }
  ~Topology() { std::filesystem::remove_all(dir); }
};

TEST(PhysicalCores, AreTheDistinctListsOfSiblings) {
  EXPECT_EQ(physical_cores(4, Topology({"0,2", "1,3", "0,2", "1,3"}).dir), 2);
  EXPECT_EQ(physical_cores(4, Topology({"0-1", "0-1", "2-3", "2-3"}).dir), 2);
  EXPECT_EQ(physical_cores(3, Topology({"0-1", "0-1", "2"}).dir), 2) << "one core without a second thread";
  EXPECT_EQ(physical_cores(2, Topology({"0", "1"}).dir), 2);
}

TEST(PhysicalCores, WhereNothingCanBeReadEveryCpuIsACore) { EXPECT_EQ(physical_cores(3, "/nowhere/at/all"), 3); }

}  // namespace
}  // namespace headroom
