// A person's auth epoch (CP-4): tokens carry it, and nodes refuse those of an older one. Under the
// platform's scope.
#pragma once

#include <cstdint>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace rap::control {

class AuthEpochRepository {
 public:
  virtual ~AuthEpochRepository() = default;
  virtual std::uint64_t of(UserId user) = 0;  // 0 when it was never bumped
  // Also ends the user's bearers. Yields the new epoch.
  virtual std::uint64_t bump(UserId user, WallTime now) = 0;
};

}  // namespace rap::control
