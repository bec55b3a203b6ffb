// What this node's data plane looks like from outside, for the agent to pass on (OB-1).
#pragma once

#include <string_view>

#include "node/fabric/channels.hpp"
#include "node/router/router.hpp"
#include "wire/agent/observations.hpp"

namespace rap::fabric {

wire::Observations observe(router::Router& router, const Channels& channels,
                           std::uint64_t config_version, std::string_view entry, MonoTime now);

}  // namespace rap::fabric
