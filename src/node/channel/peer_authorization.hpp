// May this channel be, and what may it carry (CH-7)? Asked when a peer has proven who it is, when
// its hello arrives, and again whenever the answer could have changed.
#pragma once

#include <expected>

#include "node/channel/context.hpp"
#include "node/channel/state.hpp"
#include "wire/frames/channel_frames.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::channel {

// A new channel is judged more strictly than one that is already there: while either side drains,
// or the configuration has expired, none begins; without the control plane it carries less. What
// goes on without it carries what policy lets go on, and nothing that it did not carry before.
enum class Stage : std::uint8_t { opening, continuing };

// Does the proven identity name a node of our cluster, and the one we expect? nullptr: any.
FailureReason check_identity(const Context& context, const wire::SpiffeId& identity,
                             const NodeId* expected);

// What local policy lets a channel with `peer` carry; never empty.
std::expected<wire::TrafficClassSet, FailureReason> authorize_peer(const Context& context,
                                                                   NodeId peer, Stage stage);

// Likewise, and what the peer's hello adds to it: both sides must want a class, and the peer must
// not be behind what we require. Also refuses a hello that differs from what the peer proved.
std::expected<wire::TrafficClassSet, FailureReason> authorize_hello(const Context& context,
                                                                    NodeId peer, Stage stage,
                                                                    const wire::Hello& hello);

}  // namespace rap::channel
