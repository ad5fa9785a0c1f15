// A small simulated machine for the tests of its laws.
#pragma once

#include "lab/sim/loads.hpp"
#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {

struct Bed {
  Loads loads;
  Kernel kernel;

  explicit Bed(int cpus, Version version = Version::v1, std::uint64_t seed = 1)
      : kernel({.cpus = cpus, .version = version, .seed = seed, .wake = nanoseconds{0}, .idle_exit = nanoseconds{0}}, loads) {
    loads.attach(kernel);
  }
  GroupId group(GroupId parent = kRoot) { return kernel.make(parent); }
  GroupId limited(microseconds quota, microseconds period = microseconds{100'000}, GroupId parent = kRoot) {
    const GroupId made = kernel.make(parent);
    if (!kernel.write_limit(made, {quota, period, {}})) throw std::runtime_error("limit refused");
    return made;
  }
  Loads::Id spin(GroupId group, int threads = 1, int cpu = -1) {
    Load load;
    load.kind = LoadKind::spin;
    load.threads = threads;
    return run(group, load, cpu);
  }
  Loads::Id run(GroupId group, const Load& load, int cpu = -1, std::uint64_t seed = 7) {
    const auto id = loads.add(group, load, seed, Urgency::ordinary, cpu);
    loads.begin(id, kernel.now(), kNever);
    return id;
  }
  void pass(nanoseconds time) { kernel.advance(kernel.now() + time.count()); }
  double used_ms(GroupId group) const { return static_cast<double>(kernel.usage(group).count()) / 1e6; }
};

inline Load request(nanoseconds cpu, double rate) {
  Load load;
  load.kind = LoadKind::request;
  load.cpu = cpu;
  load.rate = rate;
  return load;
}

inline Load burst(int threads, nanoseconds cpu, nanoseconds pause) {
  Load load;
  load.kind = LoadKind::burst;
  load.threads = threads;
  load.cpu = cpu;
  load.pause = pause;
  return load;
}

}  // namespace headroom::lab::sim
