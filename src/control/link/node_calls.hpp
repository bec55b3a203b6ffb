// The calls of the node listener (CP-1), each a part of the transaction in which the node was
// admitted (NodeCall): check-ins, commands, certificates. What nodes pull of the configuration is
// in pulls/.
#pragma once

#include "control/http/json_reply.hpp"
#include "control/link/node_route.hpp"

namespace rap::control {

inline constexpr std::size_t kMaxCommandsPerPull = 256;

// A number from a node, as the database can keep it: 0 when it is none.
std::uint64_t unsigned_member(const Json& object, const char* name);

Outcome<Reply> check_in(const NodeCallPorts& ports, const NodeCall& call);

Outcome<Reply> pull_commands(const NodeCallPorts& ports, const NodeCall& call);
Outcome<Reply> finish_command(const NodeCallPorts& ports, const NodeCall& call);

// A new certificate needs a new key; the old one goes on beside it until it expires, so that
// nothing has to happen at one moment. Renews the node's own (PK-7), or gives it one for its
// clients (PK-2).
Outcome<Reply> renew_certificate(const NodeCallPorts& ports, const NodeCall& call);
// What the OCSP responder would say of a certificate of this node: the second way to it (CP-6).
// About one and without a nonce, so that an answer is signed once and then kept, however often a
// node asks.
Outcome<Reply> get_certificate_status(const NodeCallPorts& ports, const NodeCall& call);

}  // namespace rap::control
