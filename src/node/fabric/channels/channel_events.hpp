// Which changes of channels are high-risk events (SE-2), and what of a refused handshake is one.
#pragma once

#include <optional>
#include <string_view>

#include "node/channel/table.hpp"
#include "wire/agent/security_events.hpp"

namespace rap::fabric {

// nullopt for what is nobody's doing, or what the peer says of us.
std::optional<wire::SecurityEvent> security_event_of(
    const channel::table_action::StateChanged& change);
// A handshake with somebody from this address failed for that reason.
std::optional<wire::SecurityEvent> security_event_of(channel::FailureReason handshake_failure,
                                                     std::string_view peer_ip);

}  // namespace rap::fabric
