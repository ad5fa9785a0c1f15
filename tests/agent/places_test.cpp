// Where sources are looked for, and to whom a token is never sent.
#include "agent/sources/places.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace headroom {
namespace {

class Places : public testing::Test {
 protected:
  Places() {
    char dir[] = "/tmp/hr-places-XXXXXX";
    dir_ = mkdtemp(dir);
    around_.token = dir_ + "/token";
    around_.cluster_ca = dir_ + "/ca.crt";
    around_.docker_socket = dir_ + "/docker.sock";
    around_.booted_by_systemd = dir_ + "/system";
    around_.system_bus = dir_ + "/system_bus_socket";
    around_.host_ip = "10.20.0.13";
  }
  ~Places() override { std::filesystem::remove_all(dir_); }

  void make(const std::string& file) { std::ofstream(file) << "x"; }
  SourceConfig on() {
    SourceConfig config;
    config.use = SourceConfig::Use::on;
    return config;
  }

  std::string dir_;
  Surroundings around_;
};

TEST_F(Places, WithoutATokenAutoIsOff) {
  EXPECT_FALSE(kubelet_place({}, around_).value());
  make(around_.token);
  EXPECT_TRUE(kubelet_place({}, around_).value());
  SourceConfig off;
  off.use = SourceConfig::Use::off;
  EXPECT_FALSE(kubelet_place(off, around_).value());
}

TEST_F(Places, KubeletIsAtTheNodesOwnAddress) {
  make(around_.token);
  make(around_.cluster_ca);
  const auto place = kubelet_place({}, around_).value();
  EXPECT_EQ(place->url, "https://10.20.0.13:10250");
  EXPECT_EQ(place->token_file, around_.token);
  EXPECT_EQ(place->ca, around_.cluster_ca);
  EXPECT_FALSE(place->insecure);
  around_.host_ip = "fd00::5";
  EXPECT_EQ(kubelet_place({}, around_).value()->url, "https://[fd00::5]:10250");
}

TEST_F(Places, InsecureIsForTheNodeItselfAlone) {
  make(around_.token);
  auto config = on();
  config.insecure = true;
  EXPECT_TRUE(kubelet_place(config, around_).value()) << "HOST_IP is this node's";
  for (const char* own : {"https://127.0.0.1:10250", "https://[::1]:10250", "https://10.20.0.13:10250"}) {
    config.address = own;
    EXPECT_TRUE(kubelet_place(config, around_)) << own;
  }
  for (const char* other : {"https://10.20.0.14:10250", "https://kubelet.example.org:10250", "https://127.example.org", "https://localhost:1"}) {
    config.address = other;
    const auto place = kubelet_place(config, around_);
    ASSERT_FALSE(place) << other;
    EXPECT_EQ(place.error().where, "sources.kubelet.insecure");
  }
}

TEST_F(Places, WithoutAnAddressItSaysWhatIsWanted) {
  around_.host_ip.clear();
  const auto place = kubelet_place(on(), around_);
  ASSERT_FALSE(place);
  EXPECT_NE(place.error().detail.find("HOST_IP"), std::string::npos);
}

TEST_F(Places, DockerIsAtItsSocketOrWhereTheConfigurationSays) {
  EXPECT_FALSE(docker_place({}, around_).value());
  make(around_.docker_socket);
  EXPECT_EQ(docker_place({}, around_).value()->socket, around_.docker_socket);
  auto config = on();
  config.address = "unix:/run/other.sock";
  EXPECT_EQ(docker_place(config, around_).value()->socket, "/run/other.sock");
}

TEST_F(Places, TheBusIsAskedWhereSystemdRuns) {
  make(around_.system_bus);
  EXPECT_FALSE(systemd_place({}, around_).value()) << "a bus without systemd, as in a container";
  make(around_.booted_by_systemd);
  EXPECT_EQ(*systemd_place({}, around_).value(), "unix:path=" + around_.system_bus);
  auto given = on();
  given.address = "unix:/run/systemd/private";
  EXPECT_EQ(*systemd_place(given, around_).value(), "unix:path=/run/systemd/private");
  given.address = "http://bus";
  EXPECT_EQ(systemd_place(given, around_).error().where, "sources.systemd.address");
  SourceConfig off;
  off.use = SourceConfig::Use::off;
  EXPECT_FALSE(systemd_place(off, around_).value());
}

}  // namespace
}  // namespace headroom
