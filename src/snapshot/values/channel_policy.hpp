// The platform's say on channels that cannot be authorized as they should: the configuration type
// channel_policy (CH-5, CH-14). A value says what a channel may carry while the control plane is
// out of reach, one that begins then and one that is there already, and what becomes of a live
// channel whose peer has fallen behind the required trust bundle or route epoch:
//
//   {"degraded_opening": ["input", "render"], "degraded_continuing": ["input"],
//    "stale_peer": "degrade", "stale_peer_s": 60}
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "wire/json_value.hpp"
#include "wire/traffic_class.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kChannelPolicy = "channel_policy";
inline constexpr std::chrono::seconds kDefaultStalePeer{60};
inline constexpr std::chrono::seconds kMaxStalePeer{3600};

struct ChannelPolicy {
  // nullopt: what the node's configuration says.
  std::optional<wire::TrafficClassSet> degraded_opening;
  wire::TrafficClassSet degraded_continuing = wire::TrafficClassSet::all();
  // A channel goes on degraded for so long when its peer has fallen behind; zero: it is closed.
  std::chrono::seconds stale_peer{0};
  bool operator==(const ChannelPolicy&) const = default;
};

std::optional<std::string> find_channel_policy_fault(const nlohmann::json& value);
// Takes values that were checked, widest layer first; a narrower one overrides member by member.
ChannelPolicy channel_policy_from(const std::vector<wire::JsonValue>& values);

}  // namespace rap::snapshot
