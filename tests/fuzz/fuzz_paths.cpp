// Paths of cgroups, which a tenant may choose in part, and the globs of an operator. First line: a glob; the rest: a path.
#include <filesystem>

#include "cgroups/fs/names.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "workloads/identity.hpp"
#include "workloads/names.hpp"

namespace headroom::fuzz {
namespace {

bool made_of(std::string_view text, std::string_view letters) { return text.find_first_not_of(letters) == std::string_view::npos; }

void check_identity(std::string_view path) {
  const Identity identity = identify(path);
  law(identity.container_id.empty() || is_container_id(identity.container_id), "a container's ID is 64 hex digits");
  law(made_of(identity.pod_uid, "0123456789abcdefABCDEF-"), "a pod's UID is hex digits and dashes");
  law(identity.kind != GroupKind::pod || !identity.pod_uid.empty(), "a pod has a UID");
  law(identity.kind != GroupKind::container || !identity.container_id.empty(), "a container has an ID");
  law(identify("/" + std::string(path)) == identity, "a slash in front changes nothing");
  (void)descend_below(identity);
}

void check_class(std::string_view glob, std::string_view path) {
  ClassConfig first;
  first.rule.name = "first";
  first.rule.borrow = BorrowRule{};
  first.match.emplace_back().path = {std::string(glob)};
  ClassConfig rest;
  rest.rule.name = "rest";
  rest.match.emplace_back().path = {"**"};
  const ClassConfig classes[] = {first, rest};
  const ClassRule rule = classify(identify(path), path, classes);
  law(rule.name == "first" || rule.name == "rest" || rule.name == "system" || rule.name == "none",
      "a class is one of those that were given");
  if (glob.find_first_of("*?[\\") == std::string_view::npos)
    law(glob_matches(glob, glob), "a glob without wildcards matches itself");
}

/// The path is joined to the root of the tree and opened: it must not lead out of it.
void check_inside(const std::string& path) {
  if (path.find('\0') != std::string::npos || !fs::stays_inside(path)) return;
  const auto whole = std::filesystem::path(fs::joined("/root", path)).lexically_normal().string();
  law(whole.starts_with("/root"), "a path that stays inside does");
}

}  // namespace
}  // namespace headroom::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom::fuzz;
  auto path = text_of(data, size);
  const auto glob = take_line(path);
  check_identity(path);
  check_class(glob, path);
  check_inside(std::string(path));
  return 0;
}
