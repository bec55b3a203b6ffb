// Makes of a verified configuration what channels are judged by: who the neighbours are and what
// they may carry, who is denied, and whether the configuration still has authority (CH-13, CH-14).
#pragma once

#include <optional>

#include "node/channel/context.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "snapshot/values/channel_policy.hpp"

namespace rap::fabric {

// The control plane may be away for this long before the configuration counts as degraded: it
// restarts, and nothing is gained by telling every channel.
inline constexpr std::chrono::seconds kControlGrace{30};
// The time since which it is away for a fabric that has never heard of it: the grace is for those
// who have. One that starts while it is away knows a configuration of the past, and nothing of the
// time since.
inline constexpr WallTime kNeverHeard{};

// `away_since`: when the agent lost the control plane, if it has.
channel::ConfigAuthority authority_of(const snapshot::NodeConfig& config,
                                      std::optional<WallTime> away_since, WallTime now);

channel::Context context_of(const snapshot::NodeConfig& config,
                            const snapshot::ChannelPolicy& policy,
                            channel::ConfigAuthority authority, MonoTime mono, WallTime wall);

}  // namespace rap::fabric
