// The port to the rate limits on what strangers may ask for: signing in, enrolment, tokens for
// flows. The limits are in control/server/rate_limits.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"
#include "control/core/problem.hpp"

namespace rap::control {

// Limits per key; the implementation reads the clock.
class Throttle {
 public:
  enum class Kind : std::uint8_t {
    sign_in_account,
    sign_in_source,
    device_proof_source,  // of strangers who sign in with one
    enrolment_source,
    tokens_of_user,  // for flows
    // At one account, from devices and networks that it was never signed in from: all of them, and
    // those of one network.
    sign_in_strangers,
    sign_in_stranger_network,
  };
  virtual ~Throttle() = default;
  // Takes so many at once. nullopt: go ahead. Else how long to wait.
  virtual std::optional<Duration> take(Kind kind, std::string_view key, unsigned count) = 0;
  std::optional<Duration> take(Kind kind, std::string_view key) { return take(kind, key, 1); }
  virtual void give_back(Kind kind, std::string_view key) = 0;
};

// The refusal of who has to wait; its "Retry-After" is rounded up to whole seconds.
Problem too_many_attempts(Duration wait);

}  // namespace rap::control
