// What this node's data plane looks like from outside, as the JSON the agent passes on (OB-1).
#pragma once

#include <string>

#include "node/fabric/channels.hpp"
#include "node/router/router.hpp"

namespace rap::fabric {

std::string observe(router::Router& router, const Channels& channels, std::uint64_t config_version,
                    std::string_view entry, MonoTime now);

}  // namespace rap::fabric
