// Configuration text: what is accepted is within its bounds and gives a policy; what is refused says where.
#include "config/config.hpp"
#include "policies/registry.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace headroom::fuzz {
namespace {

constexpr std::string_view kFile = "headroom.yaml";
constexpr std::size_t kLongest = 4096;   ///< of one fault: it is a line on a terminal

void check_fault(const Error& fault) {
  law(fault.where.starts_with(kFile), "a fault names the file");
  law(!fault.detail.empty(), "a fault says what was wanted");
  law(fault.where.size() < kLongest && fault.detail.size() < kLongest, "a fault is a line");
  law(fault.where.find('\n') == std::string::npos, "a place is one line");
}

void check_config(const Config& config) {
  law(config.added_wait_permille >= 0, "the contract is a share");
  law(!config.target_percent || (*config.target_percent >= 1 && *config.target_percent <= 100), "the target is a percentage");
  for (const ClassConfig& c : config.classes) {
    if (!c.rule.borrow) continue;
    law(c.rule.borrow->up_to.value >= 100 && c.rule.borrow->up_to.value <= 64'000, "upTo is within its bounds");
    law(c.rule.borrow->start.count() >= 0 && c.rule.borrow->credit.count() >= 0, "start and credit are not negative");
  }
  Faults faults;
  const auto policy = make_policy(config.policy, config.tuning, faults);
  law(policy != nullptr || !faults.empty(), "a policy that is not made says why");
}

}  // namespace
}  // namespace headroom::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  const auto parsed = parse_config(fuzz::text_of(data, size), fuzz::kFile);
  if (parsed) {
    fuzz::check_config(*parsed);
    return 0;
  }
  fuzz::law(!parsed.error().empty(), "what is refused has a fault");
  for (const Error& fault : parsed.error()) fuzz::check_fault(fault);
  return 0;
}
