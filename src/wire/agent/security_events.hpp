// High-risk events of the data plane (SE-2): what somebody tried and was refused, or what happened
// to a channel for the sake of security. rap-fabric counts and numbers them, the node-agent carries
// them, the control plane audits each once and says up to which number it has them.
//
// Nothing in one is what a peer said: ids, addresses and names of closed sets.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "wire/json_reader.hpp"

namespace rap::wire {

inline constexpr std::size_t kMaxSecurityEventsAtOnce = 32;
inline constexpr std::size_t kSecurityRunBytes = 32;  // in hex
inline constexpr std::size_t kMaxSecurityTextBytes = 64;  // of a reason, a network, an address

enum class SecurityEventKind : std::uint8_t {
  peer_certificate_refused,  // whoever came as a node, or was dialled as one, did not prove it
  revoked_peer_refused,  // a node, certificate or key on the deny list
  peer_refused,  // a proven node of the cluster that may not have this channel
  channel_closed,  // a channel that stood and lost what it needs: `reason` says what
  token_forged,  // no token of this cluster
  token_replayed,  // used before
  token_misused,  // a genuine one, at the wrong node or for something else
  blocklisted_refused,  // a token of somebody who is on the blocklist
  seal_broken,  // sealed data that does not authenticate
  target_denied,  // an address that the egress may not dial
};
inline constexpr std::array<std::string_view, 10> kSecurityEventKindNames = {
    "peer_certificate_refused",
    "revoked_peer_refused",
    "peer_refused",
    "channel_closed",
    "token_forged",
    "token_replayed",
    "token_misused",
    "blocklisted_refused",
    "seal_broken",
    "target_denied"};
inline constexpr std::size_t kSecurityEventKinds = kSecurityEventKindNames.size();
static_assert(static_cast<std::size_t>(SecurityEventKind::target_denied) + 1 ==
              kSecurityEventKinds);
constexpr std::string_view to_string(SecurityEventKind kind) {
  return name_in(kSecurityEventKindNames, kind);
}

// The same thing once or several times.
struct SecurityEvent {
  std::uint64_t seq = 0;  // of its run; 0: not numbered yet
  SecurityEventKind kind = SecurityEventKind::peer_refused;
  // The name of a kind that a newer release has and this one has not: `kind` says nothing then. Who
  // reads leaves the event out, and passes it on as it came.
  std::string unknown_kind = {};
  std::string reason = {};  // of the set that it comes from
  std::string source = {};  // a stranger's network
  std::optional<NodeId> peer = {};  // the neighbour
  std::optional<OrganizationId> organization = {};
  std::optional<UserId> user = {};
  std::optional<ResourceId> resource = {};
  std::string address = {};  // of kind target_denied
  bool others = false;  // of several, which were too many to be told apart
  std::uint64_t count = 1;
  std::int64_t first_at = 0;  // unix seconds
  std::int64_t last_at = 0;

  bool operator==(const SecurityEvent&) const = default;
};
// A text that no reader takes is left out of it: nobody would ever take what it is told with.
void leave_out_unreadable(SecurityEvent& event);

// Those that are not known to be audited, in the order of their numbers.
struct SecurityEvents {
  std::string run;  // drawn when rap-fabric starts; its numbers begin with 1
  std::vector<SecurityEvent> events;

  bool operator==(const SecurityEvents&) const = default;
};

// Those of the run up to this number are audited.
struct SecurityEventsTaken {
  std::string run;
  std::uint64_t seq = 0;

  bool operator==(const SecurityEventsTaken&) const = default;
};

nlohmann::json to_value(const SecurityEvents& events);
nlohmann::json to_value(const SecurityEventsTaken& taken);
// Read the members of `in`; the caller finishes the reader.
SecurityEvents read_security_events(JsonReader& in, JsonFault& fault);
SecurityEventsTaken read_security_events_taken(JsonReader& in);
// The same of a whole object; the error is a sentence without its full stop.
std::expected<SecurityEvents, std::string> security_events_from(const nlohmann::json& value);
std::expected<SecurityEventsTaken, std::string> security_events_taken_from(
    const nlohmann::json& value);

}  // namespace rap::wire
