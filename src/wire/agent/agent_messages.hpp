// What the node-agent and rap-fabric say to each other over agent.sock, both directions and both
// ends: one JSON object a message, with a "type". docs/protocol/agent-fabric.md describes them.
//
// What has a meaning beyond this protocol (a configuration, documents, rows of security data)
// travels as a parsed value, which room `snapshot` reads and makes: no text is parsed twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "wire/agent/observations.hpp"
#include "wire/agent/security_events.hpp"
#include "wire/json_reader.hpp"
#include "wire/json_value.hpp"
#include "wire/node_commands.hpp"
#include "wire/url.hpp"

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
inline constexpr std::size_t kMaxKeyPemBytes = std::size_t{8} * 1024;
inline constexpr std::size_t kMaxChainPemBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxStapleTextBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxSealKeyBytes = 64;
inline constexpr std::size_t kMaxControlListeners = 16;
inline constexpr std::size_t kMaxAgentListeners = 16;
inline constexpr std::chrono::seconds kMaxClockAhead = std::chrono::years{1000};
inline constexpr std::size_t kMaxListenerBytes = 300;  // "host:port"

// --- from the agent to the fabric ---

// A verified configuration with the documents that it lists, in force from now on.
struct Configure {
  JsonValue config;
  std::vector<JsonValue> documents;
  bool operator==(const Configure&) const = default;
};
// A command of the control plane; answered by a CommandResult with its id.
struct RunCommand {
  std::string id;
  NodeCommandType type = NodeCommandType::terminate_session;
  std::string about;  // the command's argument
  bool operator==(const RunCommand&) const = default;
};
// Whether the control plane answers: without it only what the degraded policy allows is new.
struct ControlReachable {
  bool reachable = false;
  bool operator==(const ControlReachable&) const = default;
};
// A certificate that the fabric shows, the key that proves it, and what its issuer says of it.
struct Credential {
  std::string key_pem;
  std::string chain_pem;
  Bytes staple;  // empty: none yet
  bool operator==(const Credential&) const = default;
};
// Who the node is. The fabric reads no key from a file: it has those that it is told, in memory.
// Said before a configuration, and again whenever one of them was replaced.
struct Identify {
  Credential node;                   // towards other nodes
  std::optional<Credential> worker;  // towards clients; none: not yet
  std::string seal_key;              // base64 of the X25519 secret
  std::vector<HostPort> control;     // the control plane's listeners: never targets
  bool operator==(const Identify&) const = default;
};
// Where the agent itself listens, which is never a target. A message of its own, so that a fabric
// of an earlier release, which refuses it, still takes its identity.
struct AgentListeners {
  std::vector<HostPort> listeners;
  bool operator==(const AgentListeners&) const = default;
};
// How far the host's clock is ahead of the control plane's, negative when behind; at most
// kMaxClockAhead either way.
struct ClockAhead {
  std::chrono::seconds ahead{0};
  bool operator==(const ClockAhead&) const = default;
};
// The fabric ends in order; whoever started it starts it again.
struct End {
  bool operator==(const End&) const = default;
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

using ToFabric = std::variant<Configure, RunCommand, ControlReachable, Identify, End, SecurityState,
                              SecurityChanged, SecurityIncomplete, SecurityEventsTaken,
                              AgentListeners, ClockAhead>;

// --- from the fabric to the agent ---

struct CommandResult {
  std::string id;
  std::string status;  // "ok", or a reason
  bool operator==(const CommandResult&) const = default;
};

using ToAgent = std::variant<CommandResult, Observations, SecurityEvents>;

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
