// The kernel's rules for bandwidth and weight writes as a small model (KERNEL.md 3-7), to hold plans against.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cgroups/types/plan.hpp"

namespace headroom::test {

enum class Version { v1, v2 };

class KernelRules {
 public:
  KernelRules(const Catalog& catalog, Version version) : catalog_(catalog), version_(version) {}

  void set(Slot slot, const Bandwidth& b) { bandwidth_[slot] = b; }
  void set(Slot slot, Shares s) { shares_[slot] = s; }
  const Bandwidth& bandwidth(Slot slot) const { return bandwidth_.at(slot); }
  Shares shares(Slot slot) const { return shares_.at(slot); }

  /// nullopt: accepted. Else why the kernel says EINVAL; nothing has changed then.
  std::optional<std::string> write(Slot slot, const Setting& to) {
    if (const auto* s = std::get_if<Shares>(&to)) {
      const std::uint64_t least = version_ == Version::v1 ? 2 : 1, most = version_ == Version::v1 ? 262144 : 10000;
      if (s->value < least || s->value > most) return "weight out of range";
      shares_[slot] = *s;
      return std::nullopt;
    }
    const Bandwidth before = bandwidth_.at(slot);
    bandwidth_[slot] = std::get<Bandwidth>(to);
    auto why = broken(slot);
    if (why) bandwidth_[slot] = before;
    return why;
  }

 private:
  std::optional<std::string> broken(Slot slot) const {
    const Bandwidth& b = bandwidth_.at(slot);
    if (b.quota && b.quota->count() < 1000) return "quota below 1000 us";
    if (b.period.count() < 1000 || b.period.count() > 1'000'000) return "period out of range";
    if (b.quota && b.burst > *b.quota) return "burst above quota";
    if (version_ == Version::v2) return std::nullopt;
    for (const auto& [s, child] : bandwidth_) {
      const Bandwidth* up = finite_above(s);
      if (!child.quota || !up) continue;
      if (child.quota->count() * up->period.count() > up->quota->count() * child.period.count())
        return "child " + std::to_string(s) + " above its parent";
    }
    return std::nullopt;
  }

  const Bandwidth* finite_above(Slot slot) const {
    for (Slot at = catalog_.find(slot)->parent; catalog_.find(at); at = catalog_.find(at)->parent) {
      const auto it = bandwidth_.find(at);
      if (it != bandwidth_.end() && it->second.quota) return &it->second;
    }
    return nullptr;
  }

  const Catalog& catalog_;
  Version version_;
  std::map<Slot, Bandwidth> bandwidth_;
  std::map<Slot, Shares> shares_;
};

}  // namespace headroom::test
