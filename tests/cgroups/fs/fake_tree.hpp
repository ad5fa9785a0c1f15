// A directory that looks like a cgroup tree, for what a real kernel does not do on demand.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cgroups/fs/tree.hpp"

namespace headroom {

/// Every file in one directory per group, as on v2 or on joint v1 mounts; removed with the object.
class FakeTree {
 public:
  explicit FakeTree(const char* version) {
    char name[] = "/tmp/hr-tree-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
    root_ = std::filesystem::canonical(name);
    where_.v2 = std::string_view(version) == "v2";
    where_.cpu = where_.cpuacct = where_.cpuset = where_.pids = where_.top = root_;
    if (where_.v2) where_.unified = root_;
  }
  FakeTree(const FakeTree&) = delete;
  FakeTree& operator=(const FakeTree&) = delete;
  ~FakeTree() { std::filesystem::remove_all(root_); }

  const Hierarchy& where() const { return where_; }
  const std::string& root() const { return root_; }
  void group(const std::string& path) {
    std::filesystem::create_directories(root_ + "/" + path);
    put(path, "cgroup.procs", "");
  }
  void put(const std::string& path, const std::string& file, const std::string& text) {
    std::ofstream(root_ + "/" + path + "/" + file) << text;
  }
  std::string get(const std::string& path, const std::string& file) const {
    std::string text;
    std::ifstream in(root_ + "/" + path + "/" + file);
    std::getline(in, text, '\0');
    return text;
  }
  void drop(const std::string& path, const std::string& file) {
    std::filesystem::remove(root_ + "/" + path + "/" + file);
  }

 private:
  std::string root_;
  Hierarchy where_;
};

}  // namespace headroom
