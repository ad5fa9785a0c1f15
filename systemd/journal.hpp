// Log lines as the journal keeps them: with fields that can be searched for.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom::systemd {

/// Whether stderr ends in the journal ($JOURNAL_STREAM names it) and libsystemd is there to write to it.
bool stderr_is_journal();

using JournalFields = std::vector<std::pair<std::string_view, std::string>>;

/// @param priority  of syslog(3)
/// @param fields    by any name: sent as HEADROOM_NAME; what no field's name may hold becomes _
/// @return false: it was not taken, and stderr has to do
bool send_to_journal(int priority, std::string_view message, const JournalFields& fields);

/// "because" -> "HEADROOM_BECAUSE"
std::string journal_name(std::string_view name);

}  // namespace headroom::systemd
