// The calls of the node listener (CP-1), each a part of the transaction in which the node was
// admitted (NodeCall). Pull, apply and acknowledge are separate steps, so that a partial failure is
// retried without repeating the rest.
#pragma once

#include "control/http/json_reply.hpp"
#include "control/link/node_route.hpp"
#include "wire/http/node_api_calls.hpp"

namespace rap::control {

inline constexpr std::size_t kMaxCommandsPerPull = 256;
inline constexpr std::string_view kTrustBundle = "trust_bundle";

// A number from a node, as the database can keep it: 0 when it is none.
std::uint64_t unsigned_member(const Json& object, const char* name);

Outcome<Reply> check_in(const NodeCallPorts& ports, const NodeCall& call);

Outcome<Reply> pull_commands(const NodeCallPorts& ports, const NodeCall& call);
Outcome<Reply> finish_command(const NodeCallPorts& ports, const NodeCall& call);

Outcome<Reply> pull_configs(const NodeCallPorts& ports, const NodeCall& call);
std::optional<Reply> pull_configs_from_memory(const NodeCallPorts& ports, const Poll& poll);
inline constexpr std::string_view kAcknowledgeConfigs =
    kind_of(wire::NodeApiCall::acknowledge_configs).operation;
Outcome<Reply> acknowledge_configs(const NodeCallPorts& ports, const NodeCall& call);
// Those of several nodes, with their calls' bodies.
void record_acks(Transaction& tx, const std::vector<std::pair<NodeId, const Json&>>& calls,
                 WallTime now);
Outcome<Reply> report_config_errors(const NodeCallPorts& ports, const NodeCall& call);

// A new certificate needs a new key; the old one goes on beside it until it expires, so that
// nothing has to happen at one moment. Renews the node's own (PK-7), or gives it one for its
// clients (PK-2).
Outcome<Reply> renew_certificate(const NodeCallPorts& ports, const NodeCall& call);

Outcome<Reply> get_object(const NodeCallPorts& ports, const NodeCall& call);

}  // namespace rap::control
