#include "policies/registry.hpp"

#include <array>

namespace headroom {

#define POLICY(identifier) PolicyEntry policy_##identifier();
#include "policies/registry.def"
#undef POLICY

namespace {

auto entries() {
#define POLICY(identifier) policy_##identifier(),
  return std::array{
#include "policies/registry.def"
  };
#undef POLICY
}

}  // namespace

std::unique_ptr<Policy> make_policy(std::string_view name, const Node& tuning, Faults& faults) {
  std::string known;
  for (const PolicyEntry& entry : entries()) {
    if (entry.name == name) return entry.make(tuning, faults);
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  faults.push_back({Errc::malformed, "policy", "want one of " + known + ", got \"" + std::string(name) + "\""});
  return nullptr;
}

std::vector<std::string_view> policy_names() {
  std::vector<std::string_view> names;
  for (const PolicyEntry& entry : entries()) names.push_back(entry.name);
  return names;
}

std::span<const ParamDoc> policy_docs(std::string_view name) {
  for (const PolicyEntry& entry : entries())
    if (entry.name == name) return entry.docs();
  return {};
}

}  // namespace headroom
