#include "agent/credit_keeper.hpp"

#include <utility>

#include "agent/credits.hpp"

namespace headroom {

CreditKeeper::CreditKeeper(const std::string& state_dir, std::string policy, Log& log)
    : file_(state_dir.empty() ? "" : state_dir + "/credits.json"), policy_(std::move(policy)), log_(log) {
  if (!file_.empty()) thread_ = std::thread([this] { work(); });
}

CreditKeeper::~CreditKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::vector<Policy::Credit> CreditKeeper::load() const {
  if (file_.empty()) return {};
  auto loaded = load_credits(file_, policy_);
  if (loaded) return std::move(*loaded);
  if (loaded.error().code != Errc::absent)   // credit then starts full, as after the first start
    log_.warn("credit", "not read: " + loaded.error().detail, {{"file", file_}});
  return {};
}

void CreditKeeper::follow(std::string policy) {
  const std::lock_guard lock(mutex_);
  if (policy == policy_) return;
  policy_ = std::move(policy);
  next_.reset();   // the other's
}

void CreditKeeper::give(std::vector<Policy::Credit> credits, TimePoint now) {
  given_ = now;
  if (file_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    next_ = std::move(credits);
  }
  changed_.notify_one();
}

void CreditKeeper::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return next_ || stop_; });
    if (!next_) return;
    const auto credits = *std::exchange(next_, std::nullopt);
    const std::string policy = policy_;
    lock.unlock();
    if (auto stored = store_credits(file_, policy, credits); !stored)
      log_.warn("credit", "not stored: " + stored.error().detail, {{"file", stored.error().where}});
    lock.lock();
  }
}

}  // namespace headroom
