// The sources that the configuration asks for, as they are there.
#pragma once

#include <memory>

#include "agent/sources/docker_watch.hpp"
#include "agent/sources/places.hpp"
#include "agent/sources/pod_watch.hpp"
#include "agent/sources/unit_watch.hpp"

namespace headroom {

class NameService {
 public:
  /// All of them outlive it.
  NameService(NameBoard& board, Log& log) : board_(board), log_(log) {}
  ~NameService();

  /// Begins, ends or changes sources; what a source has said stays known. Any thread, one at a time. What cannot be begun is
  /// said in the log and on the board: it stops nothing.
  void take(const Sources& sources, const Surroundings& around);

  // The loop's side.
  void strangers(const std::vector<Identity>& who);
  /// Who wrote. @return false: there is nobody to ask
  bool ask(std::vector<UnitQuestion> questions);

 private:
  void begin_kubelet(const SourceConfig& config, const Surroundings& around);
  void begin_docker(const SourceConfig& config, const Surroundings& around);
  void begin_systemd(const SourceConfig& config, const Surroundings& around);
  void complain(const char* source, const Error& error);

  NameBoard& board_;
  Log& log_;
  std::mutex mutex_;
  std::optional<Sources> in_force_;
  std::unique_ptr<PodWatch> pods_;
  std::unique_ptr<DockerWatch> docker_;
  std::unique_ptr<UnitWatch> units_;
};

}  // namespace headroom
