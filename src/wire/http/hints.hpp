// The event channel from the control plane to a node (CP-3): the types of its events, which are
// hints without data, and how often a quiet stream is pinged.
#pragma once

#include <chrono>
#include <string_view>

namespace rap::wire {

inline constexpr std::string_view kConfigPending = "config.pending";
inline constexpr std::string_view kCommandPending = "command.pending";
inline constexpr std::string_view kEpochBumped = "epoch.bumped";
inline constexpr std::string_view kBlocklistChanged = "blocklist.changed";
inline constexpr std::chrono::seconds kHintPing{30};

}  // namespace rap::wire
