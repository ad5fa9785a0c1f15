// Credit survives a restart: <state>/credits.json.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/policy.hpp"

namespace headroom {

std::string format_credits(std::string_view policy, std::span<const Policy::Credit> credits);
/// Empty where the text is of another policy. Errors: malformed.
Result<std::vector<Policy::Credit>> parse_credits(std::string_view text, std::string_view policy);

/// Written beside and renamed, so that a crash leaves the old file or the new one.
Result<> store_credits(const std::string& file, std::string_view policy, std::span<const Policy::Credit> credits);
/// Errors: absent (no file yet), malformed, io.
Result<std::vector<Policy::Credit>> load_credits(const std::string& file, std::string_view policy);

}  // namespace headroom
