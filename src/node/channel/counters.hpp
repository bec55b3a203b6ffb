// What the channels of a node have been through since it started (CH-16).
#pragma once

#include <array>
#include <cstdint>

#include "node/channel/state.hpp"

namespace rap::channel {

struct Counters {
  std::uint64_t established = 0;
  std::uint64_t attempts = 0;                // dials
  std::uint64_t reconnects = 0;              // dials of a peer that was connected before
  std::uint64_t handshake_failures = 0;      // the peer had not proven who it is
  std::uint64_t authorization_failures = 0;  // the peer had, and was not let in
  std::uint64_t revalidations = 0;
  std::uint64_t revalidation_failures = 0;
  std::uint64_t revocations = 0;  // channels that ended or drained because the peer was revoked
  std::uint64_t drains = 0;
  std::uint64_t drains_forced = 0;  // cut at their deadline, with something left
  std::uint64_t replaced = 0;  // a newer channel with the same peer took their place
  std::uint64_t bulk_lanes_lost = 0;
  std::uint64_t failover_hints = 0;
  std::array<std::uint64_t, kFailureReasonCount> ended_by_reason{};  // none: orderly
};

}  // namespace rap::channel
