#include "cgroups/fs/hierarchy.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace headroom {
namespace {

/// One mount a line; the places are such as no machine has, so that nothing is resolved or read.
std::string mount(const std::string& point, const std::string& type, const std::string& super,
                  const std::string& root = "/") {
  return "31 23 0:28 " + root + " " + point + " rw,nosuid - " + type + " " + type + " rw," + super + "\n";
}

std::string v1(const std::string& at, const std::string& root = "/") {
  std::string text = "22 1 0:1 / / rw - ext4 /dev/vda rw\n";
  for (const char* controller : {"cpu", "cpuacct", "cpuset", "memory", "pids"})
    text += mount(at + "/" + controller, "cgroup", controller, root);
  return text;
}

Hierarchy found(const std::string& mountinfo, const std::string& root = "") {
  const auto h = detect_hierarchy(std::string_view(mountinfo), root);
  EXPECT_TRUE(h) << (h ? "" : h.error().where + ": " + h.error().detail);
  return h.value_or(Hierarchy{});
}

TEST(Hierarchy, SplitV1) {
  const auto h = found(v1("/none/cg"));
  EXPECT_FALSE(h.v2);
  EXPECT_EQ(h.cpu, "/none/cg/cpu");
  EXPECT_EQ(h.cpuacct, "/none/cg/cpuacct");
  EXPECT_EQ(h.cpuset, "/none/cg/cpuset");
  EXPECT_EQ(h.pids, "/none/cg/pids");
  EXPECT_EQ(h.top, "/none/cg/cpuacct");
  EXPECT_EQ(h.unified, "");
}

TEST(Hierarchy, JointV1) {
  const auto h =
      found(mount("/none/cg/cpu,cpuacct", "cgroup", "cpu,cpuacct") + mount("/none/cg/cpuset", "cgroup", "cpuset"));
  EXPECT_EQ(h.cpu, "/none/cg/cpu,cpuacct");
  EXPECT_EQ(h.cpuacct, h.cpu);
  EXPECT_EQ(h.pids, "");
}

TEST(Hierarchy, HybridHasAMirror) {
  const auto h = found(mount("/none/cg/unified", "cgroup2", "nsdelegate") + v1("/none/cg"));
  EXPECT_FALSE(h.v2);
  EXPECT_EQ(h.unified, "/none/cg/unified");
}

TEST(Hierarchy, V2IsOneDirectoryForEverything) {
  const auto h = found(mount("/none/cg", "cgroup2", "nsdelegate"));
  EXPECT_TRUE(h.v2);
  for (const auto& dir : {h.cpu, h.cpuacct, h.cpuset, h.pids, h.unified, h.top}) EXPECT_EQ(dir, "/none/cg");
}

TEST(Hierarchy, AHostPathMountIsFoundBelowTheNamedDirectory) {
  const std::string both = v1("/sys/fs/cgroup", "/kubepods/pod1/c1") + v1("/none/host-cgroup");
  const auto h = found(both, "/none/host-cgroup");
  EXPECT_EQ(h.cpu, "/none/host-cgroup/cpu");
  EXPECT_EQ(h.cpuset, "/none/host-cgroup/cpuset");
  EXPECT_EQ(h.top, "/none/host-cgroup/cpuacct");
  EXPECT_EQ(found(mount("/none/host-cgroup", "cgroup2", "x"), "/none/host-cgroup/").cpu, "/none/host-cgroup");
}

TEST(Hierarchy, WithoutARootTheUsualPlaceIsTaken) {
  EXPECT_EQ(found(v1("/none/host-cgroup") + v1("/sys/fs/cgroup/none")).cpu, "/sys/fs/cgroup/none/cpu");
}

TEST(Hierarchy, AGroupIsTheRootInEveryHierarchy) {
  const auto h = found(mount("/none/cg/unified", "cgroup2", "x") + v1("/none/cg"), "/none/cg/cpu/a/b");
  EXPECT_EQ(h.cpu, "/none/cg/cpu/a/b");
  EXPECT_EQ(h.cpuacct, "/none/cg/cpuacct/a/b");
  EXPECT_EQ(h.cpuset, "/none/cg/cpuset/a/b");
  EXPECT_EQ(h.pids, "/none/cg/pids/a/b");
  EXPECT_EQ(h.unified, "/none/cg/unified/a/b");
  EXPECT_EQ(h.top, "/none/cg/cpuacct") << "the node's use, whatever the root";
}

TEST(Hierarchy, AGroupOfV2IsTheRoot) {
  const auto h = found(mount("/none/cg", "cgroup2", "x"), "/none/cg/a/b");
  EXPECT_EQ(h.cpu, "/none/cg/a/b");
  EXPECT_EQ(h.top, "/none/cg");
}

TEST(Hierarchy, AMountThatShowsAnInnerGroupIsAlignedWithTheOthers) {
  const auto h = found(mount("/none/pods", "cgroup", "cpu", "/kubepods") + mount("/none/acct", "cgroup", "cpuacct") +
                           mount("/none/set", "cgroup", "cpuset", "/kubepods/other"),
                       "/none/pods/pod1");
  EXPECT_EQ(h.cpu, "/none/pods/pod1");
  EXPECT_EQ(h.cpuacct, "/none/acct/kubepods/pod1");
  EXPECT_EQ(h.cpuset, "") << "that mount does not show the group";
}

TEST(Hierarchy, ANamedDirectoryIsNotTakenForItsNamesake) {
  EXPECT_FALSE(detect_hierarchy(std::string_view(v1("/none/cgroup2")), "/none/cgroup"));
}

TEST(Hierarchy, WhatIsMountedOverIsNotSeen) {
  const auto h = found(mount("/none/cg/cpu", "cgroup", "memory") + mount("/none/cg/cpu", "cgroup", "cpu"));
  EXPECT_EQ(h.cpu, "/none/cg/cpu");
  EXPECT_FALSE(detect_hierarchy(
      std::string_view(mount("/none/cg/cpu", "cgroup", "cpu") + mount("/none/cg/cpu", "cgroup", "memory")), ""));
}

TEST(Hierarchy, PlacesWithBlanksAreUnescaped) {
  EXPECT_EQ(found(mount("/none/a\\040b\\134/cpu", "cgroup", "cpu")).cpu, "/none/a b\\/cpu");
}

TEST(Hierarchy, OptionalFieldsAndNamesLikeControllersDoNotConfuse) {
  const auto h = found(
      "31 23 0:28 / /none/x rw shared:9 master:1 - cgroup cgroup rw,xattr,name=cpu\n"
      "32 23 0:29 / /none/y rw shared:10 - cgroup cgroup rw,cpu\n");
  EXPECT_EQ(h.cpu, "/none/y");
}

TEST(Hierarchy, WithoutACpuControllerItSaysWhatWasSeenAndWhatToMount) {
  const auto h = detect_hierarchy(std::string_view(mount("/none/cg/memory", "cgroup", "memory")), "/none/cg");
  ASSERT_FALSE(h);
  EXPECT_EQ(h.error().code, Errc::absent);
  EXPECT_NE(h.error().where.find("--cgroup-root /none/cg"), std::string::npos);
  EXPECT_NE(h.error().detail.find("/none/cg/memory (v1)"), std::string::npos);
  EXPECT_NE(h.error().detail.find("mount"), std::string::npos);
  EXPECT_FALSE(detect_hierarchy(std::string_view(""), ""));
  EXPECT_FALSE(detect_hierarchy(std::string_view("- - -\n \ngarbage - cgroup\n"), ""));
}

TEST(Hierarchy, ASymbolicLinkToAHierarchyIsFollowed) {
  namespace stdfs = std::filesystem;
  char name[] = "/tmp/hr-links-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::string base = stdfs::canonical(name);
  stdfs::create_directories(base + "/cpu,cpuacct/a");
  stdfs::create_directory_symlink("cpu,cpuacct", base + "/cpu");
  const auto h = found(mount(base + "/cpu,cpuacct", "cgroup", "cpu,cpuacct"), base + "/cpu/a");
  EXPECT_EQ(h.cpu, base + "/cpu,cpuacct/a");
  stdfs::remove_all(base);
}

TEST(Hierarchy, ACgroup2MountWithoutTheControllerIsNotEnough) {
  namespace stdfs = std::filesystem;
  char name[] = "/tmp/hr-unified-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::string base = stdfs::canonical(name);
  const auto with = [&](const char* controllers) {
    std::FILE* file = std::fopen((base + "/cgroup.controllers").c_str(), "w");
    std::fputs(controllers, file);
    std::fclose(file);
    return detect_hierarchy(std::string_view(mount(base, "cgroup2", "x")), "").has_value();
  };
  EXPECT_TRUE(with("cpuset cpu io\n"));
  EXPECT_FALSE(with("cpuset io memory\n"));
  EXPECT_FALSE(with("\n"));
  stdfs::remove_all(base);
}

}  // namespace
}  // namespace headroom
