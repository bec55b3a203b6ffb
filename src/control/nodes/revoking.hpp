// Revoking nodes, certificates and keys (CH-13): the inventory, and the list that every node is
// given with its configuration. All of it in the caller's transaction.
#pragma once

#include "base/random.hpp"
#include "control/core/problem.hpp"
#include "control/http/call.hpp"
#include "control/nodes/node.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "wire/severity.hpp"

namespace rap::control {

// The node is out for good, with everything that was ever issued to it.
Outcome<void> revoke_node(RandomSource& rng, Transaction& tx, const Call& call, const Node& node,
                          wire::Severity severity);

// One certificate; with `and_key` every certificate of its key, present or to come.
Outcome<void> revoke_certificate(Transaction& tx, const Call& call,
                                 const NodeCertificate& certificate, wire::Severity severity,
                                 bool and_key);

// The node was given another certificate, and none of those before it is believed any more.
Outcome<void> supersede_certificates(Transaction& tx, const Call& call, NodeId node);

// "close" unless "drain" was asked for.
wire::Severity severity_of(const Call& call);

}  // namespace rap::control
