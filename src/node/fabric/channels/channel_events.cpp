#include "node/fabric/channels/channel_events.hpp"

#include "policy/addresses/ip_prefix.hpp"

namespace rap::fabric {
namespace {

using channel::FailureReason;
using channel::State;
using wire::SecurityEventKind;

// What is told of somebody who has yet to be let in.
std::optional<SecurityEventKind> refusal_of(FailureReason reason, bool proven) {
  switch (reason) {
    case FailureReason::certificate_revoked: return SecurityEventKind::revoked_peer_refused;
    case FailureReason::certificate_invalid: return SecurityEventKind::peer_certificate_refused;
    case FailureReason::wrong_cluster:
    case FailureReason::wrong_node:
      return proven ? SecurityEventKind::peer_refused : SecurityEventKind::peer_certificate_refused;
    case FailureReason::policy_denied:
    case FailureReason::channel_class_denied:
    case FailureReason::peer_disabled: return SecurityEventKind::peer_refused;
    default: return std::nullopt;
  }
}

// What is told of a channel that stood. Heartbeats that are missing, and a drain, are no matter of
// security.
bool is_for_security(FailureReason reason) {
  return refusal_of(reason, true).has_value() || reason == FailureReason::trust_bundle_stale ||
         reason == FailureReason::route_epoch_stale;
}

bool stands(State state) {
  return state == State::established || state == State::revalidating || state == State::degraded;
}

bool ends(State state) {
  return state == State::draining || state == State::closing || channel::is_terminal(state);
}

}  // namespace

std::optional<wire::SecurityEvent> security_event_of(
    const channel::table_action::StateChanged& change) {
  if (change.by_peer || !ends(change.to)) return std::nullopt;
  wire::SecurityEvent event{.reason = std::string(channel::to_string(change.reason)),
                            .peer = change.peer};
  if (stands(change.from)) {
    if (!is_for_security(change.reason)) return std::nullopt;
    event.kind = SecurityEventKind::channel_closed;
    return event;
  }
  const bool opening = change.from == State::handshaking || change.from == State::authenticating ||
                       change.from == State::connecting || change.from == State::authorizing;
  const auto kind =
      opening ? refusal_of(change.reason, change.from == State::authorizing) : std::nullopt;
  if (!kind) return std::nullopt;
  event.kind = *kind;
  return event;
}

std::optional<wire::SecurityEvent> security_event_of(FailureReason handshake_failure,
                                                     std::string_view peer_ip) {
  const auto kind = refusal_of(handshake_failure, false);
  if (!kind) return std::nullopt;
  return wire::SecurityEvent{.kind = *kind,
                             .reason = std::string(channel::to_string(handshake_failure)),
                             .source = policy::source_network(peer_ip)};
}

}  // namespace rap::fabric
