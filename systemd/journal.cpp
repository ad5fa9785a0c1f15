#include "systemd/journal.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "systemd/library.hpp"

namespace headroom::systemd {

bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  unsigned long long device = 0, inode = 0;
  struct stat st {};
  if (stream == nullptr || std::sscanf(stream, "%llu:%llu", &device, &inode) != 2 || ::fstat(STDERR_FILENO, &st) != 0) return false;
  return st.st_dev == device && st.st_ino == inode && library().has_value();
}

std::string journal_name(std::string_view name) {
  std::string out = "HEADROOM_";
  for (const char c : name) {
    const bool small = c >= 'a' && c <= 'z', plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += small ? static_cast<char>(c - 'a' + 'A') : plain ? c : '_';
  }
  return out;
}

bool send_to_journal(int priority, std::string_view message, const JournalFields& fields) {
  const auto loaded = library();
  if (!loaded) return false;
  std::vector<std::string> texts{"PRIORITY=" + std::to_string(priority), "MESSAGE=" + std::string(message), "SYSLOG_IDENTIFIER=headroomd"};
  for (const auto& [name, value] : fields) texts.push_back(journal_name(name) + "=" + value);
  std::vector<iovec> parts;
  parts.reserve(texts.size());
  for (std::string& text : texts) parts.push_back({text.data(), text.size()});
  return (*loaded)->journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace headroom::systemd
