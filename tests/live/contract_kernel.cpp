// The machine's kernel under contract: tests/contract has the suites.
#include "cgroups/fs/node.hpp"
#include "tests/support/kernel.hpp"
#include "tests/support/spinner.hpp"

namespace headroom::contract {
namespace {

CpuFile file_of(File file) {
  switch (file) {
    case File::quota: return CpuFile::quota;
    case File::period: return CpuFile::period;
    case File::burst: return CpuFile::burst;
    case File::shares: return CpuFile::shares;
  }
  return CpuFile::quota;
}

class Machine final : public Kernel {
 public:
  ~Machine() override {   // threads first, then groups, children before parents
    running_.clear();
    while (!groups_.empty()) groups_.pop_back();
  }
  bool v2() const override { return live::on_v2(); }
  int cpus() const override { return online_cpus(); }
  int some_cpu() const override {
    const auto all = must(must(GroupFiles::open(live::host(), "")).cpus());
    int first = 0;
    while (!all.test(static_cast<std::size_t>(first))) ++first;
    return first;
  }

  Group make(Group parent) override {
    auto made = parent == kTop ? std::make_unique<live::ScratchGroup>("contract")
                               : std::make_unique<live::ScratchGroup>(*group(parent).scratch, "c" + std::to_string(groups_.size()));
    auto files = made->open();
    groups_.push_back(std::make_unique<Made>(Made{std::move(made), std::move(files)}));
    return static_cast<Group>(groups_.size()) - 1;
  }
  Result<> write(Group g, File file, const std::string& text) override { return files(g).write_file(file_of(file), text); }
  Result<std::string> read(Group g, File file) override { return files(g).read_file(file_of(file)); }
  Result<Bandwidth> bandwidth(Group g) override { return files(g).bandwidth(); }
  Result<Shares> shares(Group g) override { return files(g).shares(); }
  Result<ThrottleCounters> throttle(Group g) override { return files(g).throttle(); }
  Result<nanoseconds> usage(Group g) override { return files(g).usage(); }
  Result<bool> populated(Group g) override { return files(g).populated(); }
  Result<nanoseconds> pressure(Group g) override {
    auto pressed = files(g).pressure();
    const bool counted = node_.pressure().has_value() && !live::host().unified.empty();
    if (counted && !pressed) pressed.error().code = Errc::io;   // of the node, so of its groups, too
    return pressed;
  }
  Result<nanoseconds> node_usage() override { return node_.usage(); }

  Running start(Group g, const Threads& threads) override {
    running_.push_back(std::make_unique<live::Spinner>(*group(g).scratch, live::Load{threads.count, threads.cpu, threads.work}));
    return static_cast<Running>(running_.size()) - 1;
  }
  void stop(Running running) override { at(running).stop(); }
  void wait(Running running) override { at(running).wait(); }
  void pause(Running running) override { at(running).pause(); }
  void resume(Running running) override { at(running).resume(); }
  void rest(nanoseconds time) override { live::rest(time); }
  nanoseconds now() override { return live::now(); }

 private:
  struct Made {
    std::unique_ptr<live::ScratchGroup> scratch;
    GroupFiles files;
  };
  Made& group(Group g) { return *groups_[static_cast<std::size_t>(g)]; }
  GroupFiles& files(Group g) { return group(g).files; }
  live::Spinner& at(Running running) { return *running_[static_cast<std::size_t>(running)]; }

  NodeFiles node_{live::host()};
  std::vector<std::unique_ptr<Made>> groups_;
  std::vector<std::unique_ptr<live::Spinner>> running_;
};

}  // namespace

std::vector<std::string> kernel_names() { return {"kernel"}; }
std::unique_ptr<Kernel> make_kernel(const std::string&) { return std::make_unique<Machine>(); }

}  // namespace headroom::contract
