// What this node's data plane looks like from outside, for the agent to pass on (OB-1).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "node/fabric/channels/channels.hpp"
#include "node/router/router.hpp"
#include "wire/agent/observations.hpp"

namespace rap::fabric {

// Those that are wanted and not open, by name.
using FailedListeners = std::map<std::string, wire::ObservedListener, std::less<>>;

wire::Observations observe(router::Router& router, const Channels& channels,
                           std::uint64_t config_version, std::string_view entry,
                           const FailedListeners& failed, MonoTime now);

}  // namespace rap::fabric
