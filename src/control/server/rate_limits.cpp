#include "control/server/rate_limits.hpp"

#include "crypto/keys/password.hpp"

namespace rap::control::server {

std::optional<Duration> ClockThrottle::take(Kind kind, std::string_view key, unsigned count) {
  std::lock_guard lock(mutex_);
  return limiters_[static_cast<std::size_t>(kind)].take(key, now_(), count);
}

void ClockThrottle::give_back(Kind kind, std::string_view key) {
  std::lock_guard lock(mutex_);
  limiters_[static_cast<std::size_t>(kind)].give_back(key, now_());
}

void ClockThrottle::forget_sign_ins() {
  std::lock_guard lock(mutex_);
  for (const Kind kind : {Kind::sign_in_account, Kind::sign_in_source, Kind::device_proof_source,
                          Kind::sign_in_strangers, Kind::sign_in_stranger_network}) {
    limiters_[static_cast<std::size_t>(kind)].clear();
  }
}

bool BoundedHasher::enter() {
  std::unique_lock lock(mutex_);
  if (hashing_ >= kMaxHashing) {
    if (waiting_ >= kMaxWaitingToHash) return false;
    ++waiting_;
    const bool free =
        freed_.wait_for(lock, kMaxWaitToHash, [this] { return hashing_ < kMaxHashing; });
    --waiting_;
    if (!free) return false;
  }
  ++hashing_;
  return true;
}

void BoundedHasher::leave() {
  {
    std::lock_guard lock(mutex_);
    --hashing_;
  }
  freed_.notify_one();
}

std::optional<std::string> BoundedHasher::hash(std::string_view password) {
  if (!enter()) return std::nullopt;
  std::string hash = crypto::hash_password(password, rng_);
  leave();
  return hash;
}

std::optional<bool> BoundedHasher::check(std::string_view password, std::string_view phc_hash) {
  if (!enter()) return std::nullopt;
  const bool fits = crypto::check_password(password, phc_hash);
  leave();
  return fits;
}

}  // namespace rap::control::server
