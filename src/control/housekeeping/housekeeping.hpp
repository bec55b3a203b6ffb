// What has to happen by itself: bearers expire, sessions that nobody carries any more are detached
// and end in time. Every instance may run it; doing it twice is harmless.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/ids.hpp"
#include "base/random.hpp"
#include "control/core/database.hpp"
#include "control/core/database_standing.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kHousekeepingInterval{5};
inline constexpr std::chrono::seconds kPresenceStaleAfter{30};  // a silent node carries nothing
inline constexpr std::chrono::seconds kPendingLimit = std::chrono::minutes{10};
inline constexpr std::chrono::seconds kDetachedLimit = std::chrono::hours{24};
inline constexpr std::chrono::seconds kDefaultSessionRetention = std::chrono::days{30};
inline constexpr std::size_t kPurgedAtOnce = 1000;  // sessions, attachments
inline constexpr std::chrono::seconds kCommandRetention = std::chrono::days{7};

struct HousekeepingPorts {
  Database& database;
  Outages& outages;
  RandomSource& rng;
  ClusterId cluster;
  std::chrono::seconds session_retention = kDefaultSessionRetention;  // of those that ended
};

// The number of sessions it ended.
Outcome<std::size_t> keep_house(const HousekeepingPorts& ports, WallTime now);

struct KeptHistory {
  std::uint64_t config_version = 0;  // the cluster's; 0: there is no cluster
  bool went_back = false;            // the database, and a new history has begun
};
// `noted`: the newest configuration version that was noted outside of the database.
Outcome<KeptHistory> keep_history(const HousekeepingPorts& ports, std::uint64_t noted,
                                  WallTime now);

}  // namespace rap::control
