// The cluster, loaded once per change and shared by all threads that answer nodes: with thousands
// that pull after one change the database is asked once, by one, and the others wait for that.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

#include "control/configuration/cluster_models.hpp"

namespace rap::store {

// Increments start from one of these; a node with an older configuration gets the next one whole.
inline constexpr std::size_t kMaxHeldModels = 8;

class SharedClusterModels final : public control::ClusterModels {
 public:
  explicit SharedClusterModels(std::chrono::seconds config_valid_for)
      : config_valid_for_(config_valid_for) {}

  std::shared_ptr<const control::ClusterState> at_least(
      control::Transaction& tx, std::uint64_t version,
      const std::shared_ptr<const control::Authority>& authority, WallTime now) override;

  std::shared_ptr<const control::ClusterState> held(
      std::uint64_t version,
      const std::shared_ptr<const control::Authority>& authority) const override;

  std::shared_ptr<const control::ClusterState> recall(ClusterId cluster,
                                                      std::uint64_t version) const override;

  std::uint64_t loads() const;  // so far

 private:
  bool fits(std::uint64_t version,
            const std::shared_ptr<const control::Authority>& authority) const;

  const std::chrono::seconds config_valid_for_;
  mutable std::mutex mutex_;
  std::condition_variable loaded_;
  bool loading_ = false;
  std::uint64_t loads_ = 0;
  std::shared_ptr<const control::ClusterState> newest_;
  std::deque<std::shared_ptr<const control::ClusterState>> last_;  // the newest at the end
};

}  // namespace rap::store
