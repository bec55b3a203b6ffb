// Token buckets, one or by key (an account, a source address): at most `burst` at once, then one
// per `refill`. The table is bounded, and ordered, for strangers choose its keys: none of them
// makes the look-ups of others long. Time is an argument. Not thread-safe: the owner locks.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace rap::policy {

struct RateLimit {
  unsigned burst = 1;
  Duration refill = std::chrono::seconds{1};
};

class TokenBucket {
 public:
  // Takes so many tokens. nullopt when there were as many, else how long until there are.
  std::optional<Duration> take(RateLimit limit, MonoTime now, unsigned count = 1);
  void give_back(RateLimit limit) { full_at_ -= limit.refill; }
  bool is_full(MonoTime now) const { return full_at_ <= now; }

 private:
  MonoTime full_at_{};  // that moment alone says how many tokens are missing (GCRA)
};

class RateLimiter {
 public:
  RateLimiter(RateLimit limit, std::size_t max_entries)
      : limit_(limit), max_entries_(max_entries) {}

  // Takes so many tokens. nullopt when there were as many, else how long until there are. When the
  // table is full of keys that are still limited, every new key is refused until one recovers.
  std::optional<Duration> take(std::string_view key, MonoTime now, unsigned count = 1);

  // Returns a token taken for something that turned out to be harmless (a successful sign-in).
  void give_back(std::string_view key, MonoTime now);

  void clear() { buckets_.clear(); }
  std::size_t size() const { return buckets_.size(); }

 private:
  void forget_full(MonoTime now);

  RateLimit limit_;
  std::size_t max_entries_;
  std::map<std::string, TokenBucket, std::less<>> buckets_;
};

}  // namespace rap::policy
