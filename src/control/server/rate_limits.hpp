// The bounds on what strangers may cost, shared by all threads: rate limits by key, and how
// many passwords are weighed at once.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "base/random.hpp"
#include "control/http/throttle.hpp"
#include "control/people/password_hasher.hpp"
#include "policy/rate_limit.hpp"

namespace rap::control::server {

inline constexpr std::size_t kMaxThrottledKeys = 65536;  // per kind
// The limit of one account from one device that signed in to it before, or from one source network.
// Right passwords that come at once hold an attempt each while they are weighed, so there are more
// than a person's typing needs.
inline constexpr policy::RateLimit kSignInsPerAccount{20, std::chrono::seconds{10}};
// The limit of one account from all devices and networks together that nobody signed in to it from:
// some 300 guesses a day, from however many networks they come.
inline constexpr policy::RateLimit kSignInsOfStrangers{60, std::chrono::minutes{5}};
// What one network may take of that, so that it takes many to keep a person waiting elsewhere.
inline constexpr policy::RateLimit kSignInsOfAStranger{20, std::chrono::minutes{15}};
inline constexpr policy::RateLimit kSignInsPerSource{60, std::chrono::seconds{2}};
// Proofs of devices that come with a sign-in. One that is no longer fresh is asked for again, as
// after a restart of the server, so there are enough for an office that signs in at once.
inline constexpr policy::RateLimit kDeviceProofsPerSource{600, std::chrono::milliseconds{50}};
// A person's flows: far more than somebody opens who works, and less than an entry remembers
// tokens of one person for (router::kMaxTokensOfAUser).
inline constexpr policy::RateLimit kTokensPerUser{4096, std::chrono::milliseconds{5}};
inline constexpr policy::RateLimit kEnrolmentsPerSource{120, std::chrono::milliseconds{100}};

class ClockThrottle final : public control::Throttle {
 public:
  using Clock = std::function<MonoTime()>;
  explicit ClockThrottle(Clock now) : now_(std::move(now)) {}

  using Throttle::take;
  std::optional<Duration> take(Kind kind, std::string_view key, unsigned count) override;
  void give_back(Kind kind, std::string_view key) override;
  void forget_sign_ins();  // attempts are counted anew

 private:
  Clock now_;
  std::mutex mutex_;
  // There is one of each Kind, in its order.
  std::array<policy::RateLimiter, 7> limiters_ = {
      policy::RateLimiter{kSignInsPerAccount, kMaxThrottledKeys},
      policy::RateLimiter{kSignInsPerSource, kMaxThrottledKeys},
      policy::RateLimiter{kDeviceProofsPerSource, kMaxThrottledKeys},
      policy::RateLimiter{kEnrolmentsPerSource, kMaxThrottledKeys},
      policy::RateLimiter{kTokensPerUser, kMaxThrottledKeys},
      policy::RateLimiter{kSignInsOfStrangers, kMaxThrottledKeys},
      policy::RateLimiter{kSignInsOfAStranger, kMaxThrottledKeys}};
};

// Each hash takes 19 MiB and a core for tens of milliseconds; threads that wait for their turn are
// bounded too, so that signing in never takes them all.
inline constexpr unsigned kMaxHashing = 2;
inline constexpr unsigned kMaxWaitingToHash = 3;
inline constexpr std::chrono::seconds kMaxWaitToHash{5};

class BoundedHasher final : public control::PasswordHasher {
 public:
  explicit BoundedHasher(RandomSource& rng) : rng_(rng) {}
  std::optional<std::string> hash(std::string_view password) override;
  std::optional<bool> check(std::string_view password, std::string_view phc_hash) override;

 private:
  bool enter();
  void leave();

  RandomSource& rng_;
  std::mutex mutex_;
  std::condition_variable freed_;
  unsigned hashing_ = 0;
  unsigned waiting_ = 0;
};

}  // namespace rap::control::server
