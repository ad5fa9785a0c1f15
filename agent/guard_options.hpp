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
    "It blocks in flock on the daemon's lock: when the kernel hands it over, the daemon is dead. It watches the daemon's\n"
    "heartbeat: silent for a second, it raises a fence and puts the originals back. headroomd starts one by itself; under\n"
    "systemd, or as a sidecar, it is started on its own. SIGTERM ends it without touching anything.\n";

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
