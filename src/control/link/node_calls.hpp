// The calls of the node listener (CP-1), each a part of the transaction in which the node was
// admitted (Call::tx). Pull, apply and acknowledge are separate steps, so that a partial failure is
// retried without repeating the rest.
#pragma once

#include "control/http/json_reply.hpp"
#include "control/http/route.hpp"

namespace rap::control {

inline constexpr std::size_t kMaxCommandsPerPull = 256;
inline constexpr std::string_view kNodeConfig = "node_config";
inline constexpr std::string_view kTrustBundle = "trust_bundle";

// A number from a node, as the database can keep it: 0 when it is none.
std::uint64_t unsigned_member(const Json& object, const char* name);

Outcome<Reply> check_in(Services& s, const Call& call);

Outcome<Reply> pull_commands(Services& s, const Call& call);
Outcome<Reply> finish_command(Services& s, const Call& call);

Outcome<Reply> pull_configs(Services& s, const Call& call);
std::optional<Reply> pull_configs_from_memory(Services& s, const Poll& poll);
inline constexpr std::string_view kAcknowledgeConfigs = "acknowledgeConfigs";
Outcome<Reply> acknowledge_configs(Services& s, const Call& call);
// Those of several nodes, with their calls' bodies.
void record_acks(Transaction& tx, const std::vector<std::pair<NodeId, const Json&>>& calls,
                 WallTime now);
Outcome<Reply> report_config_errors(Services& s, const Call& call);

Outcome<Reply> get_object(Services& s, const Call& call);

}  // namespace rap::control
