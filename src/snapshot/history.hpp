// Numbers across histories. What nodes hold is numbered, and they refuse to go back. When the
// control plane's database is restored from a backup, its numbers jump beyond all that the lost
// history can have handed out: to the number that stands for the time of the jump
// (docs/decisions/histories.md). A node follows such a jump, and no farther one, so that nobody can
// bring it to a number that nothing could follow.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/time.hpp"

namespace rap::snapshot {

// A second of time has room for 2^10 numbers; the migration of histories has the same.
inline constexpr int kNumberBitsASecond = 10;
// How far the clocks of a node and of the control plane may be apart while one begins a history.
inline constexpr std::chrono::seconds kHistoryLead = std::chrono::hours{24};

// The lowest number that a history begins with when it begins at this time.
constexpr std::uint64_t number_at(WallTime at) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(to_unix(at), 0)) << kNumberBitsASecond;
}

// The highest number that any history can have come to by now, with clocks that far apart.
constexpr std::uint64_t highest_number(WallTime now) { return number_at(now + kHistoryLead); }

}  // namespace rap::snapshot
