#include "systemd/library.hpp"

#include <dlfcn.h>

namespace headroom::systemd {
namespace {

template <class Function>
bool look_up(void* from, const char* name, Function& into) {
  into = reinterpret_cast<Function>(dlsym(from, name));
  return into != nullptr;
}

Result<Library> load() {
  constexpr const char* kName = "libsystemd.so.0";
  void* from = dlopen(kName, RTLD_NOW | RTLD_LOCAL);   // for good
  if (from == nullptr) return fail(Errc::absent, kName, "install libsystemd0: what systemd is to be told or asked goes through it");
  Library l;
  const bool all = look_up(from, "sd_notify", l.notify) && look_up(from, "sd_journal_sendv", l.journal_sendv) &&
                   look_up(from, "sd_bus_new", l.bus_new) && look_up(from, "sd_bus_set_address", l.bus_set_address) &&
                   look_up(from, "sd_bus_set_bus_client", l.bus_set_bus_client) &&
                   look_up(from, "sd_bus_set_method_call_timeout", l.bus_set_method_call_timeout) &&
                   look_up(from, "sd_bus_start", l.bus_start) && look_up(from, "sd_bus_get_fd", l.bus_get_fd) &&
                   look_up(from, "sd_bus_get_events", l.bus_get_events) && look_up(from, "sd_bus_process", l.bus_process) &&
                   look_up(from, "sd_bus_close_unref", l.bus_close_unref) && look_up(from, "sd_bus_match_signal", l.bus_match_signal) &&
                   look_up(from, "sd_bus_call_method", l.bus_call_method) &&
                   look_up(from, "sd_bus_get_property_trivial", l.bus_get_property_trivial) &&
                   look_up(from, "sd_bus_get_property_string", l.bus_get_property_string) &&
                   look_up(from, "sd_bus_path_encode", l.bus_path_encode) && look_up(from, "sd_bus_message_read", l.message_read) &&
                   look_up(from, "sd_bus_error_free", l.error_free);
  if (!all) return fail(Errc::absent, kName, "it is not what this program was built for");
  return l;
}

}  // namespace

Result<const Library*> library() {
  static const Result<Library> kLoaded = load();
  if (!kLoaded) return tl::unexpected(kLoaded.error());
  return &*kLoaded;
}

}  // namespace headroom::systemd
