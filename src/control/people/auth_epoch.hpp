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
  // 0 when it was never bumped, and of who is disabled. It stays until the transaction ends, so
  // that no token is made with an epoch that is over.
  virtual std::uint64_t of(UserId user) = 0;
  // Unused tokens and live flows of the user end with the old one. Yields the new one.
  virtual std::uint64_t bump(UserId user, WallTime now) = 0;
};

}  // namespace rap::control
