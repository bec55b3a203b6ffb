// What the node-agent and rap-fabric say to each other over agent.sock: JSON objects with a "type".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "snapshot/documents.hpp"

#include "snapshot/security_delta.hpp"

namespace rap::agent {

inline constexpr std::size_t kMaxObservationsBytes = std::size_t{512} * 1024;

// `config_json` is the verified payload of a signed configuration, passed on word by word.
std::string config_message(std::string_view config_json,
                           const std::vector<snapshot::Document>& documents = {});
std::string terminate_session_message(std::string_view command_id, std::string_view session_id);

// Whether the control plane answers: without it only what the degraded policy allows is new.
std::string control_message(bool reachable);
// Certificate and key in the state directory were replaced.
std::string identity_changed_message();
// Something that is shown along with them was: staples, or the certificate towards clients.
std::string credentials_changed_message();

// All of the security data, in parts: what the fabric had is replaced when the last one is there.
std::string security_state_message(const snapshot::SecurityChanges& part, bool first, bool last);
std::string security_changes_message(const snapshot::SecurityChanges& changes);
// What there is does not fit the store: nobody new is to be let in.
std::string security_incomplete_message();

struct CommandResult {
  std::string id;
  std::string status;  // "ok", or a reason
};
struct Observations {
  std::uint64_t config_version = 0;  // what the fabric runs with
  std::string json;  // without "type": goes into the next check-in
};
using FabricMessage = std::variant<CommandResult, Observations>;

// nullopt for anything else.
std::optional<FabricMessage> parse_fabric_message(std::string_view text);

}  // namespace rap::agent
