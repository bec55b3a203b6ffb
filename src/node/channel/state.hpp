// The closed sets of the channel lifecycle (CH-5, CH-15).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rap::channel {

enum class State : std::uint8_t {
  idle,
  connecting,      // dialling the transport
  handshaking,     // TLS
  authenticating,  // the proven identity is compared with the expected one
  authorizing,     // hello exchanged, roles and classes being decided
  established,     // the only state in which a class carries traffic freely
  revalidating,    // everything is judged again: no new flows until it is
  degraded,        // heartbeats are missing, or the control plane is out of reach
  draining,        // existing flows only, until they end or a deadline passes
  closing,         // goodbye is said or heard
  closed,          // terminal
  failed,          // terminal
};

enum class FailureReason : std::uint8_t {
  none,
  tls_handshake_failed,
  certificate_invalid,
  certificate_revoked,
  wrong_cluster,
  wrong_node,
  policy_denied,
  channel_class_denied,
  route_epoch_stale,
  heartbeat_timeout,
  peer_draining,
  peer_disabled,
  trust_bundle_stale,
  network_unreachable,
  backoff_exhausted,
};

constexpr std::string_view to_string(State s) {
  switch (s) {
    case State::idle: return "idle";
    case State::connecting: return "connecting";
    case State::handshaking: return "handshaking";
    case State::authenticating: return "authenticating";
    case State::authorizing: return "authorizing";
    case State::established: return "established";
    case State::revalidating: return "revalidating";
    case State::degraded: return "degraded";
    case State::draining: return "draining";
    case State::closing: return "closing";
    case State::closed: return "closed";
    case State::failed: return "failed";
  }
  return "";
}

constexpr std::string_view to_string(FailureReason r) {
  switch (r) {
    case FailureReason::none: return "";
    case FailureReason::tls_handshake_failed: return "tls_handshake_failed";
    case FailureReason::certificate_invalid: return "certificate_invalid";
    case FailureReason::certificate_revoked: return "certificate_revoked";
    case FailureReason::wrong_cluster: return "wrong_cluster";
    case FailureReason::wrong_node: return "wrong_node";
    case FailureReason::policy_denied: return "policy_denied";
    case FailureReason::channel_class_denied: return "channel_class_denied";
    case FailureReason::route_epoch_stale: return "route_epoch_stale";
    case FailureReason::heartbeat_timeout: return "heartbeat_timeout";
    case FailureReason::peer_draining: return "peer_draining";
    case FailureReason::peer_disabled: return "peer_disabled";
    case FailureReason::trust_bundle_stale: return "trust_bundle_stale";
    case FailureReason::network_unreachable: return "network_unreachable";
    case FailureReason::backoff_exhausted: return "backoff_exhausted";
  }
  return "";
}

inline constexpr std::uint8_t kFailureReasonCount = 15;
// The code is the one that stands in a goodbye.
constexpr std::optional<FailureReason> failure_reason_from(std::uint8_t code) {
  if (code >= kFailureReasonCount) return std::nullopt;
  return static_cast<FailureReason>(code);
}

// A dialler whose own policy says no stops dialling until that policy changes (CH-9).
constexpr bool is_denial(FailureReason r) {
  return r == FailureReason::certificate_revoked || r == FailureReason::policy_denied ||
         r == FailureReason::channel_class_denied || r == FailureReason::peer_disabled;
}

constexpr bool is_terminal(State s) { return s == State::closed || s == State::failed; }
// May frames of flows pass? (No traffic before established.)
constexpr bool carries_traffic(State s) {
  return s == State::established || s == State::revalidating || s == State::degraded ||
         s == State::draining;
}
constexpr bool accepts_new_flows(State s) { return s == State::established; }

}  // namespace rap::channel
