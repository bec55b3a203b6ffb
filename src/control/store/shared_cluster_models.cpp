#include "control/store/shared_cluster_models.hpp"

namespace rap::store {

std::shared_ptr<const control::ClusterState> SharedClusterModels::at_least(
    control::Transaction& tx, std::uint64_t version,
    const std::shared_ptr<const control::Authority>& authority, WallTime now) {
  std::unique_lock lock(mutex_);
  loaded_.wait(lock, [&] { return fits(version, authority) || !loading_; });
  if (fits(version, authority)) return newest_;

  // However loading ends, those who wait go on.
  struct Loading {
    SharedClusterModels& of;
    std::unique_lock<std::mutex>& lock;
    Loading(SharedClusterModels& models, std::unique_lock<std::mutex>& held)
        : of(models), lock(held) {
      of.loading_ = true;
      lock.unlock();
    }
    Loading(const Loading&) = delete;
    Loading& operator=(const Loading&) = delete;
    ~Loading() {
      if (!lock.owns_lock()) lock.lock();
      of.loading_ = false;
      of.loaded_.notify_all();
    }
  };
  const Loading loading(*this, lock);
  auto fresh = control::load_cluster(tx, authority, config_valid_for_, now);
  lock.lock();
  ++loads_;
  if (!fresh) return nullptr;
  newest_ = fresh;
  last_.push_back(fresh);
  if (last_.size() > kMaxHeldModels) last_.pop_front();
  return fresh;
}

std::shared_ptr<const control::ClusterState> SharedClusterModels::held(
    std::uint64_t version, const std::shared_ptr<const control::Authority>& authority) const {
  const std::lock_guard lock(mutex_);
  return fits(version, authority) ? newest_ : nullptr;
}

bool SharedClusterModels::fits(std::uint64_t version,
                               const std::shared_ptr<const control::Authority>& authority) const {
  return newest_ && newest_->version() >= version && newest_->authority == authority;
}

std::shared_ptr<const control::ClusterState> SharedClusterModels::recall(
    ClusterId cluster, std::uint64_t version) const {
  const std::lock_guard lock(mutex_);
  for (const auto& state : last_) {
    if (state->index.model().cluster == cluster && state->version() == version) return state;
  }
  return nullptr;
}

std::uint64_t SharedClusterModels::loads() const {
  const std::lock_guard lock(mutex_);
  return loads_;
}

}  // namespace rap::store
