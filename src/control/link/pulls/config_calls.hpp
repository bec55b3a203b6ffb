// The calls of the node listener that bring a node its configuration (CP-1). Pull, apply and
// acknowledge are separate steps, so that a partial failure is retried without repeating the rest.
#pragma once

#include <utility>
#include <vector>

#include "control/http/json_reply.hpp"
#include "control/link/node_route.hpp"
#include "wire/http/node_api_calls.hpp"

namespace rap::control {

inline constexpr std::string_view kTrustBundle = "trust_bundle";

Outcome<Reply> pull_configs(const NodeCallPorts& ports, const NodeCall& call);
std::optional<Reply> pull_configs_from_memory(const NodeCallPorts& ports, const Poll& poll);
inline constexpr std::string_view kAcknowledgeConfigs =
    kind_of(wire::NodeApiCall::acknowledge_configs).operation;
Outcome<Reply> acknowledge_configs(const NodeCallPorts& ports, const NodeCall& call);
// Those of several nodes, with their calls' bodies.
void record_acks(Transaction& tx, const std::vector<std::pair<NodeId, const Json&>>& calls,
                 WallTime now);
Outcome<Reply> report_config_errors(const NodeCallPorts& ports, const NodeCall& call);

// A document by its hash.
Outcome<Reply> get_object(const NodeCallPorts& ports, const NodeCall& call);

}  // namespace rap::control
