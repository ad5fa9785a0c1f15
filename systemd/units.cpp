#include "systemd/units.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "systemd/library.hpp"

namespace headroom::systemd {
namespace {

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kObject = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr std::uint64_t kPatience = 2'000'000;   // us
constexpr std::uint64_t kNone = UINT64_MAX;

const char* interface_of(std::string_view unit) {
  if (unit.ends_with(".service")) return "org.freedesktop.systemd1.Service";
  if (unit.ends_with(".scope")) return "org.freedesktop.systemd1.Scope";
  if (unit.ends_with(".slice")) return "org.freedesktop.systemd1.Slice";
  return nullptr;
}

tl::unexpected<Error> failed(const std::string& what, int error) { return fail(Errc::io, "systemd", what + ": " + std::strerror(-error)); }

/// Frees what a call may leave in it.
struct BusError {
  explicit BusError(const Library& l) : library(l) {}
  ~BusError() { library.error_free(&error); }
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  std::string text(int code) const { return error.message != nullptr ? error.message : std::strerror(-code); }
  const Library& library;
  sd_bus_error error{nullptr, nullptr, 0};
};

}  // namespace

Bandwidth own_bandwidth(const UnitCpu& cpu) {
  constexpr std::int64_t kSecond = 1'000'000, kLeast = 1'000;   // us
  const std::int64_t period = cpu.quota_period.value_or(microseconds{100'000}).count();
  Bandwidth out;
  out.quota.reset();
  out.period = microseconds{period};
  if (!cpu.quota_per_sec || cpu.quota_per_sec->count() <= 0) return out;
  const std::int64_t quota = cpu.quota_per_sec->count();
  const std::int64_t adjusted = std::min(std::max({period, kLeast, kLeast * kSecond / quota}), kSecond);
  out.period = microseconds{adjusted};
  out.quota = microseconds{std::max(quota * adjusted / kSecond, kLeast)};
  return out;
}

Shares own_shares(const UnitCpu& cpu, bool v2) {
  const std::uint64_t weight = cpu.weight.value_or(100);
  return Shares{v2 ? weight : weight * 1024 / 100};
}

bool is_group_of(const UnitCpu& unit, std::string_view path) { return !path.empty() && unit.group.ends_with("/" + std::string(path)); }

struct UnitBus::Connection {
  Connection(const Library& l, std::function<void(bool)> told) : library(l), reloading(std::move(told)) {}
  ~Connection() {
    if (bus != nullptr) library.bus_close_unref(bus);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<> open(const std::string& address);
  Result<std::uint64_t> number(const std::string& object, const char* interface, const char* property);
  Result<std::string> text(const std::string& object, const char* interface, const char* property);

  static int on_reloading(sd_bus_message* message, void* self, sd_bus_error*) {
    auto& connection = *static_cast<Connection*>(self);
    int active = 0;
    if (connection.library.message_read(message, "b", &active) > 0) connection.reloading(active != 0);
    return 0;
  }

  const Library& library;
  std::function<void(bool)> reloading;
  sd_bus* bus = nullptr;
};

UnitBus::UnitBus(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
UnitBus::~UnitBus() = default;

Result<std::unique_ptr<UnitBus>> UnitBus::connect(const std::string& address, std::function<void(bool)> reloading) {
  const auto loaded = library();
  if (!loaded) return tl::unexpected(loaded.error());
  auto connection = std::make_unique<Connection>(**loaded, std::move(reloading));
  if (auto opened = connection->open(address); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<UnitBus>(new UnitBus(std::move(connection)));
}

/// The manager's own socket has no broker: no names, no Hello. A broker passes signals on to those who have subscribed.
Result<> UnitBus::Connection::open(const std::string& address) {
  const bool broker = address.find("/systemd/private") == std::string::npos;
  int error = library.bus_new(&bus);
  if (error >= 0) error = library.bus_set_address(bus, address.c_str());
  if (error >= 0 && broker) error = library.bus_set_bus_client(bus, 1);
  if (error >= 0) error = library.bus_set_method_call_timeout(bus, kPatience);
  if (error >= 0) error = library.bus_start(bus);
  if (error >= 0)
    error = library.bus_match_signal(bus, nullptr, broker ? kService : nullptr, kObject, kManager, "Reloading", &on_reloading, this);
  if (error < 0) return failed(address, error);
  BusError told(library);
  error = library.bus_call_method(bus, broker ? kService : nullptr, kObject, kManager, "Subscribe", &told.error, nullptr, "");
  if (error < 0) return fail(Errc::io, "systemd", address + ": Subscribe: " + told.text(error));
  return {};
}

Result<std::uint64_t> UnitBus::Connection::number(const std::string& object, const char* interface, const char* property) {
  BusError told(library);
  std::uint64_t value = 0;
  const int error = library.bus_get_property_trivial(bus, kService, object.c_str(), interface, property, &told.error, 't', &value);
  if (error < 0) return fail(Errc::io, "systemd", std::string(property) + ": " + told.text(error));
  return value;
}

Result<std::string> UnitBus::Connection::text(const std::string& object, const char* interface, const char* property) {
  BusError told(library);
  char* value = nullptr;
  const int error = library.bus_get_property_string(bus, kService, object.c_str(), interface, property, &told.error, &value);
  if (error < 0) return fail(Errc::io, "systemd", std::string(property) + ": " + told.text(error));
  const std::unique_ptr<char, decltype(&std::free)> owner(value, &std::free);
  return std::string(value);
}

int UnitBus::fd() const { return connection_->library.bus_get_fd(connection_->bus); }

short UnitBus::events() const {
  const int events = connection_->library.bus_get_events(connection_->bus);
  return static_cast<short>(events > 0 ? events : 0);
}

Result<> UnitBus::process() {
  int more = 0;
  while ((more = connection_->library.bus_process(connection_->bus, nullptr)) > 0) {
  }
  if (more < 0) return failed("the bus", more);
  return {};
}

Result<UnitCpu> UnitBus::cpu_of(std::string_view unit) {
  const char* interface = interface_of(unit);
  if (interface == nullptr) return fail(Errc::absent, "systemd", "no service, scope or slice: " + std::string(unit));
  Connection& c = *connection_;
  char* encoded = nullptr;
  if (const int error = c.library.bus_path_encode("/org/freedesktop/systemd1/unit", std::string(unit).c_str(), &encoded); error < 0)
    return failed(std::string(unit), error);
  const std::string object = encoded;
  std::free(encoded);
  const auto quota = c.number(object, interface, "CPUQuotaPerSecUSec");
  const auto period = quota ? c.number(object, interface, "CPUQuotaPeriodUSec") : quota;
  const auto weight = period ? c.number(object, interface, "CPUWeight") : period;
  const auto group = weight ? c.text(object, interface, "ControlGroup") : tl::unexpected(weight.error());
  if (!group) return tl::unexpected(group.error());
  UnitCpu cpu;
  if (*quota != kNone) cpu.quota_per_sec = microseconds{static_cast<std::int64_t>(*quota)};
  if (*period != kNone) cpu.quota_period = microseconds{static_cast<std::int64_t>(*period)};
  if (*weight != kNone) cpu.weight = *weight;
  cpu.group = *group;
  return cpu;
}

Result<> UnitBus::set_cpu(const std::string& unit, const NewCpu& cpu) {
  const Library& library = connection_->library;
  sd_bus* const bus = connection_->bus;
  BusError told(library);
  int error = 0;
  constexpr int kRuntime = 1;
  if (cpu.quota_per_sec_us && cpu.weight)
    error = library.bus_call_method(bus, kService, kObject, kManager, "SetUnitProperties", &told.error, nullptr, "sba(sv)", unit.c_str(),
                                     kRuntime, 2, "CPUQuotaPerSecUSec", "t", *cpu.quota_per_sec_us, "CPUWeight", "t", *cpu.weight);
  else if (cpu.quota_per_sec_us)
    error = library.bus_call_method(bus, kService, kObject, kManager, "SetUnitProperties", &told.error, nullptr, "sba(sv)", unit.c_str(),
                                     kRuntime, 1, "CPUQuotaPerSecUSec", "t", *cpu.quota_per_sec_us);
  else if (cpu.weight)
    error = library.bus_call_method(bus, kService, kObject, kManager, "SetUnitProperties", &told.error, nullptr, "sba(sv)", unit.c_str(),
                                     kRuntime, 1, "CPUWeight", "t", *cpu.weight);
  if (error < 0) return fail(Errc::rejected, unit, told.text(error));
  return {};
}

}  // namespace headroom::systemd
