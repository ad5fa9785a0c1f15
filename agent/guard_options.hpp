// headroom-guard's command line, once for its parser, its --help and its manual page. No library: the guard has none.
#pragma once

namespace headroom::guard {

struct OptionText {
  const char* name;
  const char* value;   ///< nullptr: a flag
  const char* text;
};

constexpr const char* kAbout =
    "headroom-guard puts back what headroomd wrote, should that be killed or freeze.\n"
    "It waits for a mutex in the ledger that the kernel hands over when the daemon's writing thread has died, and then for\n"
    "the lock that falls free when all of the daemon has. It watches the daemon's heartbeat: silent for a second, it raises\n"
    "a fence and puts the originals back. headroomd starts one by itself; under systemd, or as a sidecar, it is started on\n"
    "its own. SIGTERM ends it without touching anything.\n";

constexpr const char* kFooter =
    "Exit status:\n"
    "  0  ended by a signal, or with --once when nothing was left to guard\n"
    "  1  failed\n"
    "  2  wrong arguments\n"
    "Files:\n"
    "  RUN-DIR/lock    held by the daemon for life\n"
    "  RUN-DIR/ledger  originals, intended values, heartbeat and fence\n"
    "See also:\n"
    "  headroomd(8), headroomctl(1)\n";

constexpr OptionText kRunDir{"--run-dir", "DIR", "lock and ledger of the daemon to guard; required"};
constexpr OptionText kOnce{"--once", nullptr, "guard one daemon: end when it has ended and everything is back"};
constexpr OptionText kHelp{"--help", nullptr, "print this and exit"};
constexpr OptionText kOptions[] = {kRunDir, kOnce, kHelp};

}  // namespace headroom::guard
