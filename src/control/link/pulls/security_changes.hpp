// The port to the delta channel's tables (CP-4): changes of auth epochs and of the blocklist,
// numbered in the order of commits. Under the platform's scope.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "snapshot/security_delta.hpp"

namespace rap::control {

// A node that was away longer than a removal is remembered builds its list anew.
inline constexpr std::chrono::hours kRemovalMemory{24 * 90};
// Nodes forget what has expired on their own.
inline constexpr std::chrono::hours kExpiredMemory{24};

// How far a stream goes; a cursor above `seq` or between 0 and `forgotten` is of no use.
struct DeltaExtent {
  std::uint64_t seq = 0;
  std::uint64_t forgotten = 0;
};

class SecurityChangeRepository {
 public:
  virtual ~SecurityChangeRepository() = default;
  // Lists all above `since`, in order.
  virtual std::vector<snapshot::EpochChange> epochs(std::uint64_t since, std::size_t limit) = 0;
  virtual std::vector<snapshot::BlocklistChange> blocklist(std::uint64_t since,
                                                           std::size_t limit) = 0;
  // Read after the changes, so that nothing is forgotten unseen between the two.
  virtual DeltaExtent extent(snapshot::DeltaStream stream) = 0;
  virtual void forget_old(WallTime now) = 0;
};

}  // namespace rap::control
