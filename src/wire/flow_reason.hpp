// Why a flow was refused or ended: a closed set, one byte on the wire, counted, logged and safe to
// show to the person who asked.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rap::wire {

enum class FlowReason : std::uint8_t {
  protocol_error = 1,    // a frame that makes no sense here
  unknown_label,         // no such flow on this channel
  flow_control,          // sent beyond the window
  limit_reached,         // too many flows, sessions or tokens at once
  token_invalid,         // not a token of this fabric
  token_expired,
  token_replayed,        // used before
  wrong_cluster,
  wrong_entry,           // the token names another entry node
  wrong_resource,        // the token and this node disagree about resource or pool
  channel_class_denied,  // the class is not in the token, or the channel may not carry it
  session_ended,
  no_route,              // no established channel towards the egress
  hop_limit,
  seal_failed,           // the end-to-end handshake or a record did not authenticate
  target_unreachable,
  target_refused,
  target_timeout,
  peer_lost,             // a channel on the path broke
  setup_timeout,
  shutting_down,
  not_ready,             // the node has no verified configuration, or no security data, yet
  signed_out,            // the token is of an auth epoch that is over
  blocklisted,           // the person, their device or their address
  target_denied,         // every address of the target is one the egress may not open
  lookup_limit,          // too many names of the organization are looked up at once
  target_reset,          // the target was reached and broke the connection off
  out_of_sequence,       // an acknowledgement or a resume says what cannot be
  tail_gone,             // the flow cannot go on: what the other end lacks is kept no more
  unknown_flow,          // the egress holds no such flow of this client
  hold_expired,          // it had no path for longer than policy holds it
  superseded,            // the flow goes on over another path
  proof_invalid,         // not made with the key of the grant, or for another connection
};

inline constexpr std::array<std::string_view, 34> kFlowReasonNames = {"",
                                                                      "protocol_error",
                                                                      "unknown_label",
                                                                      "flow_control",
                                                                      "limit_reached",
                                                                      "token_invalid",
                                                                      "token_expired",
                                                                      "token_replayed",
                                                                      "wrong_cluster",
                                                                      "wrong_entry",
                                                                      "wrong_resource",
                                                                      "channel_class_denied",
                                                                      "session_ended",
                                                                      "no_route",
                                                                      "hop_limit",
                                                                      "seal_failed",
                                                                      "target_unreachable",
                                                                      "target_refused",
                                                                      "target_timeout",
                                                                      "peer_lost",
                                                                      "setup_timeout",
                                                                      "shutting_down",
                                                                      "not_ready",
                                                                      "signed_out",
                                                                      "blocklisted",
                                                                      "target_denied",
                                                                      "lookup_limit",
                                                                      "target_reset",
                                                                      "out_of_sequence",
                                                                      "tail_gone",
                                                                      "unknown_flow",
                                                                      "hold_expired",
                                                                      "superseded",
                                                                      "proof_invalid"};
static_assert(kFlowReasonNames.size() == static_cast<std::size_t>(FlowReason::proof_invalid) + 1);

constexpr std::string_view to_string(FlowReason r) {
  return kFlowReasonNames[static_cast<std::size_t>(r)];
}
constexpr std::optional<FlowReason> flow_reason_from(std::uint8_t v) {
  if (v == 0 || v >= kFlowReasonNames.size()) return std::nullopt;
  return static_cast<FlowReason>(v);
}

}  // namespace rap::wire
