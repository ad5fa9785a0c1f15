// Units of the system's manager over the bus: what their own CPU limits are, and when the manager puts them back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cgroups/types/bandwidth.hpp"
#include "cgroups/types/result.hpp"

namespace headroom::systemd {

/// A unit's own properties, as systemd has them.
struct UnitCpu {
  std::optional<microseconds> quota_per_sec;   ///< CPUQuotaPerSecUSec; nullopt: none
  std::optional<microseconds> quota_period;    ///< CPUQuotaPeriodUSec; nullopt: 100 ms
  std::optional<std::uint64_t> weight;         ///< CPUWeight; nullopt: not set
  std::string group;                           ///< ControlGroup: from the hierarchy's root on; empty: it does not run
};

/// Whether a group is this unit's. A user's manager, and that of a container, has units by the same names.
/// @param path  below the root that we work under, which may be below the hierarchy's
bool is_group_of(const UnitCpu& unit, std::string_view path);

/// What systemd writes for them: quota over a period of 1 ms to 1 s that is long enough for a quota of 1 ms (systemd 252,
/// cgroup.c: cgroup_cpu_adjust_period, cgroup_apply_unified_cpu_quota). Burst is none of its business: 0.
Bandwidth own_bandwidth(const UnitCpu& cpu);
/// v2: the weight, 100 where it is not set. v1: 1024 of 100.
Shares own_shares(const UnitCpu& cpu, bool v2);

/// One connection, one thread.
class UnitBus {
 public:
  /// @param address   "unix:path=/run/dbus/system_bus_socket", …
  /// @param reloading told true when the manager begins to reload its units, false when it has. Called from process().
  /// Errors: absent (no libsystemd), io (nobody there, not allowed).
  static Result<std::unique_ptr<UnitBus>> connect(const std::string& address, std::function<void(bool)> reloading);
  ~UnitBus();
  UnitBus(const UnitBus&) = delete;
  UnitBus& operator=(const UnitBus&) = delete;

  int fd() const;
  /// What poll() is to wait for on fd().
  short events() const;
  /// Takes what is queued. Errors: io: the connection is gone.
  Result<> process();

  /// Errors: absent (no such kind of unit), io.
  Result<UnitCpu> cpu_of(std::string_view unit);
  /// Makes it the unit's own until the next boot (SetUnitProperties, runtime). A drop-in is written: not for the fast path.
  /// nullopt: left as it is. Errors: rejected (systemd's word), io.
  struct NewCpu {
    std::optional<std::uint64_t> quota_per_sec_us;   ///< UINT64_MAX: none
    std::optional<std::uint64_t> weight;
  };
  Result<> set_cpu(const std::string& unit, const NewCpu& cpu);

 private:
  struct Connection;
  explicit UnitBus(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace headroom::systemd
