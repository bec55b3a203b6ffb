#include "policy/rate_limit.hpp"

#include <algorithm>

namespace rap::policy {

std::optional<Duration> TokenBucket::take(RateLimit limit, MonoTime now, unsigned count) {
  const MonoTime full_after = std::max(full_at_, now) + limit.refill * count;
  const Duration excess = (full_after - now) - limit.refill * limit.burst;
  if (excess > Duration::zero()) return excess;
  full_at_ = full_after;
  return std::nullopt;
}

std::optional<Duration> RateLimiter::take(std::string_view key, MonoTime now, unsigned count) {
  auto it = buckets_.find(key);
  if (it == buckets_.end()) {
    if (buckets_.size() >= max_entries_) forget_full(now);
    if (buckets_.size() >= max_entries_) return limit_.refill;
    it = buckets_.emplace(std::string(key), TokenBucket{}).first;
  }
  return it->second.take(limit_, now, count);
}

void RateLimiter::give_back(std::string_view key, MonoTime now) {
  const auto it = buckets_.find(key);
  if (it == buckets_.end()) return;
  it->second.give_back(limit_);
  if (it->second.is_full(now)) buckets_.erase(it);
}

void RateLimiter::forget_full(MonoTime now) {
  std::erase_if(buckets_, [now](const auto& entry) { return entry.second.is_full(now); });
}

}  // namespace rap::policy
