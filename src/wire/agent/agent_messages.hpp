// What the node-agent and rap-fabric say to each other over agent.sock, both directions and both
// ends: one JSON object a message, with a "type". docs/protocol/agent-fabric.md describes them.
//
// What has a meaning beyond this protocol (a configuration, documents, rows of security data)
// travels as a parsed value, which room `snapshot` reads and makes: no text is parsed twice.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wire/agent/observations.hpp"
#include "wire/json_reader.hpp"
#include "wire/json_value.hpp"

namespace rap::wire {

inline constexpr std::size_t kMaxToFabricBytes = std::size_t{8} * 1024 * 1024;
inline constexpr std::size_t kMaxToAgentBytes = std::size_t{512} * 1024;
// A document may be as deep as one that comes alone; it lies in a list in the message.
inline constexpr std::size_t kMaxAgentMessageDepth = kMaxJsonDepth + 2;
inline constexpr std::size_t kMaxMessageDocuments = 1024;  // of a configuration
inline constexpr std::size_t kMaxSecurityRows = 16'384;    // of one list in one message
inline constexpr std::size_t kMaxCommandIdBytes = 128;
inline constexpr std::size_t kMaxCommandStatusBytes = 128;
inline constexpr std::size_t kMaxMessageTypeBytes = 32;

// --- from the agent to the fabric ---

// A verified configuration with the documents that it lists, in force from now on.
struct Configure {
  JsonValue config;
  std::vector<JsonValue> documents;
  bool operator==(const Configure&) const = default;
};
// A command of the control plane; answered by a CommandResult with its id.
struct TerminateSession {
  std::string id;
  std::string session_id;
  bool operator==(const TerminateSession&) const = default;
};
// Whether the control plane answers: without it only what the degraded policy allows is new.
struct ControlReachable {
  bool reachable = false;
  bool operator==(const ControlReachable&) const = default;
};
// Certificate and key in the state directory were replaced.
struct IdentityChanged {
  bool operator==(const IdentityChanged&) const = default;
};
// Something that is shown along with them was: a staple, or the certificate towards clients.
struct CredentialsChanged {
  bool operator==(const CredentialsChanged&) const = default;
};
struct SecurityRows {
  JsonValue epochs;     // an array
  JsonValue blocklist;  // an array
  bool operator==(const SecurityRows&) const = default;
};
// All of the security data, in parts: what the fabric had is replaced when the last one is there.
struct SecurityState {
  SecurityRows rows;
  bool first = false;
  bool last = false;
  bool operator==(const SecurityState&) const = default;
};
struct SecurityChanged {
  SecurityRows rows;
  bool operator==(const SecurityChanged&) const = default;
};
// What there is does not fit the store: nobody new is to be let in.
struct SecurityIncomplete {
  bool operator==(const SecurityIncomplete&) const = default;
};

using ToFabric =
    std::variant<Configure, TerminateSession, ControlReachable, IdentityChanged, CredentialsChanged,
                 SecurityState, SecurityChanged, SecurityIncomplete>;

// --- from the fabric to the agent ---

struct CommandResult {
  std::string id;
  std::string status;  // "ok", or a reason
  bool operator==(const CommandResult&) const = default;
};

using ToAgent = std::variant<CommandResult, Observations>;

// Why a message is not taken. The connection goes on: each message stands for itself.
struct AgentMessageFault {
  std::string type;    // as it says; empty when it is no object with a type
  std::string detail;  // a sentence without its full stop

  bool is_of_config() const;
  // What cannot be read may be what somebody must be shut out by.
  bool is_of_security() const;
};

std::string encode_to_fabric(const ToFabric& message);
std::string encode_to_agent(const ToAgent& message);
// Strict: a message has the members of its type and no others.
std::expected<ToFabric, AgentMessageFault> decode_to_fabric(std::string_view text);
std::expected<ToAgent, AgentMessageFault> decode_to_agent(std::string_view text);

}  // namespace rap::wire
