#include "policies/registry.hpp"

#include <array>

namespace headroom {

#define POLICY(identifier, use) PolicyEntry policy_##identifier();
#include "policies/registry.def"
#undef POLICY

namespace {

struct Entry : PolicyEntry {
  PolicyUse use;
};

auto entries() {
#define POLICY(identifier, use) Entry{policy_##identifier(), PolicyUse::use},
  return std::array{
#include "policies/registry.def"
  };
#undef POLICY
}

}  // namespace

std::unique_ptr<Policy> make_policy(std::string_view name, const Node& tuning, Faults& faults) {
  std::string known;
  for (const Entry& entry : entries()) {
    if (entry.name == name) return entry.make(tuning, faults);
    if (entry.use == PolicyUse::production) known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  faults.push_back({Errc::malformed, "policy", "want one of " + known + ", got \"" + std::string(name) + "\""});
  return nullptr;
}

std::vector<std::string_view> policy_names(PolicyUse use) {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries())
    if (entry.use == use) names.push_back(entry.name);
  return names;
}

std::span<const ParamDoc> policy_docs(std::string_view name) {
  for (const Entry& entry : entries())
    if (entry.name == name) return entry.docs();
  return {};
}

}  // namespace headroom
