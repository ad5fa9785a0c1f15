// Stores credit beside the loop: a slow disk must not make a tick late.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/log.hpp"
#include "policies/policy.hpp"

namespace headroom {

class CreditKeeper {
 public:
  /// @param state_dir  empty: there is none, nothing is kept
  CreditKeeper(const std::string& state_dir, std::string policy, Log& log);
  ~CreditKeeper();                       ///< stores what was given last
  CreditKeeper(const CreditKeeper&) = delete;
  CreditKeeper& operator=(const CreditKeeper&) = delete;

  std::vector<Policy::Credit> load() const;
  /// What is given from now on is this policy's.
  void follow(std::string policy);
  /// Whether 10 s have passed since the last that was taken.
  bool wants(TimePoint now) const { return !file_.empty() && now - given_ >= seconds{10}; }
  void give(std::vector<Policy::Credit> credits, TimePoint now);

 private:
  void work();

  const std::string file_;
  std::string policy_;
  Log& log_;
  TimePoint given_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::vector<Policy::Credit>> next_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace headroom
