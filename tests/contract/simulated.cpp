// The simulator as a kernel under contract, as v1 and as v2.
#include <algorithm>

#include "lab/sim/node.hpp"
#include "tests/support/kernel.hpp"

namespace headroom::contract {
namespace {

namespace sim = lab::sim;

sim::File file_of(File file) {
  switch (file) {
    case File::quota: return sim::File::quota;
    case File::period: return sim::File::period;
    case File::burst: return sim::File::burst;
    case File::shares: return sim::File::shares;
  }
  return sim::File::quota;
}

class Simulated final : public Kernel {
 public:
  explicit Simulated(sim::Version version) : node_({.cpus = 2, .version = version}) {}

  bool v2() const override { return node_.catalog().v2; }
  int cpus() const override { return node_.catalog().cpus; }
  int some_cpu() const override { return 0; }

  Group make(Group parent) override {
    const auto made = node_.kernel().make(parent == kTop ? sim::kRoot : static_cast<sim::GroupId>(parent));
    return static_cast<Group>(made);
  }
  Result<> write(Group group, File file, const std::string& text) override {
    return sim::write_file(kernel(), of(group), file_of(file), text);
  }
  Result<std::string> read(Group group, File file) override { return sim::read_file(kernel(), of(group), file_of(file)); }
  Result<Bandwidth> bandwidth(Group group) override { return kernel().bandwidth(of(group)); }
  Result<Shares> shares(Group group) override { return kernel().shares(of(group)); }
  Result<ThrottleCounters> throttle(Group group) override { return kernel().throttle(of(group)); }
  Result<nanoseconds> usage(Group group) override { return kernel().usage(of(group)); }
  Result<bool> populated(Group group) override { return kernel().populated(of(group)); }
  Result<nanoseconds> pressure(Group group) override { return kernel().waited(of(group)); }
  Result<nanoseconds> node_usage() override { return kernel().usage(sim::kRoot); }

  Running start(Group group, const Threads& threads) override {
    lab::Load load;
    load.kind = threads.work.count() > 0 ? lab::LoadKind::job : lab::LoadKind::spin;
    load.threads = threads.count;
    load.cpu = threads.work * threads.count;
    const auto id = node_.loads().add(of(group), load, 1, sim::Urgency::ordinary, threads.cpu);
    node_.loads().begin(id, kernel().now(), sim::kNever);
    return static_cast<Running>(id);
  }
  void stop(Running running) override { node_.loads().kill(load(running)); }
  void wait(Running running) override {
    while (!node_.loads().done(load(running))) rest(milliseconds{1});
  }
  void pause(Running running) override { node_.loads().pause(load(running)); }
  void resume(Running running) override { node_.loads().resume(load(running)); }
  void rest(nanoseconds time) override { node_.pass_until(node_.now() + time); }
  nanoseconds now() override { return node_.now().time_since_epoch(); }

 private:
  sim::Kernel& kernel() { return node_.kernel(); }
  static sim::GroupId of(Group group) { return static_cast<sim::GroupId>(group); }
  static sim::Loads::Id load(Running running) { return static_cast<sim::Loads::Id>(running); }
  sim::SimNode node_;
};

}  // namespace

std::vector<std::string> kernel_names() { return {"simulated_v1", "simulated_v2"}; }

std::unique_ptr<Kernel> make_kernel(const std::string& name) {
  return std::make_unique<Simulated>(name == "simulated_v2" ? sim::Version::v2 : sim::Version::v1);
}

}  // namespace headroom::contract
