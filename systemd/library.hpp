// libsystemd, loaded when there is a service manager, a journal or a bus to talk to: a pod and an embedded machine do without
// it and what it brings (0.8 MiB).
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include "cgroups/types/result.hpp"

namespace headroom::systemd {

/// The functions that are used, by their own names without sd_.
struct Library {
  decltype(&sd_notify) notify = nullptr;
  decltype(&sd_journal_sendv) journal_sendv = nullptr;
  decltype(&sd_bus_new) bus_new = nullptr;
  decltype(&sd_bus_set_address) bus_set_address = nullptr;
  decltype(&sd_bus_set_bus_client) bus_set_bus_client = nullptr;
  decltype(&sd_bus_set_method_call_timeout) bus_set_method_call_timeout = nullptr;
  decltype(&sd_bus_start) bus_start = nullptr;
  decltype(&sd_bus_get_fd) bus_get_fd = nullptr;
  decltype(&sd_bus_get_events) bus_get_events = nullptr;
  decltype(&sd_bus_process) bus_process = nullptr;
  decltype(&sd_bus_close_unref) bus_close_unref = nullptr;
  decltype(&sd_bus_match_signal) bus_match_signal = nullptr;
  decltype(&sd_bus_call_method) bus_call_method = nullptr;
  decltype(&sd_bus_get_property_trivial) bus_get_property_trivial = nullptr;
  decltype(&sd_bus_get_property_string) bus_get_property_string = nullptr;
  decltype(&sd_bus_path_encode) bus_path_encode = nullptr;
  decltype(&sd_bus_message_read) message_read = nullptr;
  decltype(&sd_bus_error_free) error_free = nullptr;
};

/// The same one every time, from any thread. Errors: absent (no such library, or not the one this was built for).
Result<const Library*> library();

}  // namespace headroom::systemd
