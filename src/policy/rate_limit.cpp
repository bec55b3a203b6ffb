#include "policy/rate_limit.hpp"

#include <algorithm>

namespace rap::policy {

std::optional<Duration> RateLimiter::take(std::string_view key, MonoTime now) {
  auto it = full_at_.find(key);
  if (it == full_at_.end()) {
    if (full_at_.size() >= max_entries_) forget_full(now);
    if (full_at_.size() >= max_entries_) return limit_.refill;
    it = full_at_.emplace(std::string(key), now).first;
  }
  const MonoTime full_after = std::max(it->second, now) + limit_.refill;
  const Duration excess = (full_after - now) - limit_.refill * limit_.burst;
  if (excess > Duration::zero()) return excess;
  it->second = full_after;
  return std::nullopt;
}

void RateLimiter::give_back(std::string_view key, MonoTime now) {
  const auto it = full_at_.find(key);
  if (it == full_at_.end()) return;
  it->second -= limit_.refill;
  if (it->second <= now) full_at_.erase(it);
}

void RateLimiter::forget_full(MonoTime now) {
  std::erase_if(full_at_, [now](const auto& entry) { return entry.second <= now; });
}

}  // namespace rap::policy
