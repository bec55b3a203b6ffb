// Shutting a node out until it is enabled, and letting it take part again. A host of an
// organization may be shut by the platform, by the organization's owner, or by both; each takes
// back what it did itself, so that neither undoes the other's decision.
#pragma once

#include "base/random.hpp"
#include "control/core/problem.hpp"
#include "control/http/call.hpp"
#include "control/nodes/node.hpp"

namespace rap::control {

// Certificates are held, sessions end, peers are told. A revoked node stays what it is.
Outcome<void> disable_node(RandomSource& rng, Transaction& tx, const Call& call, const Node& node,
                           NodeSide side);

// The node's agent comes back by itself: it went on asking. Refused where only the other side
// disabled it.
Outcome<void> enable_node(Transaction& tx, const Call& call, const Node& node, NodeSide side);

}  // namespace rap::control
