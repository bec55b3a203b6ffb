// When another egress of a pool may do what the one that was asked did not, and which of their
// answers the client hears. What says that the person, their session or their token is not to be
// served is never asked again elsewhere: the next egress may not have heard of it yet.
#pragma once

#include "wire/flow_reason.hpp"

namespace rap::router {

// Another egress may reach the target, or is in better health.
constexpr bool worth_another_egress(wire::FlowReason reason) {
  using enum wire::FlowReason;
  switch (reason) {
    case target_unreachable:
    case target_refused:
    case target_timeout:
    case lookup_limit:
    case no_route:
    case hop_limit:
    case limit_reached:
    case not_ready:
    case peer_lost:
    case setup_timeout:
    case shutting_down:
    case token_expired: return true;  // by that egress's clock: the entry has just admitted it
    case protocol_error:
    case unknown_label:
    case flow_control:
    case token_invalid:
    case token_replayed:
    case wrong_cluster:
    case wrong_entry:
    case wrong_resource:
    case channel_class_denied:
    case session_ended:
    case seal_failed:
    case signed_out:
    case blocklisted:
    case target_denied:
    case target_reset:
    case out_of_sequence:
    case tail_gone:
    case unknown_flow:
    case hold_expired:
    case superseded:
    case proof_invalid: return false;
  }
  return false;
}

// The egress was asked and did not get to this target; so it will be with the next flow.
constexpr bool is_unreached(wire::FlowReason reason) {
  using enum wire::FlowReason;
  return reason == target_unreachable || reason == target_refused || reason == target_timeout ||
         reason == setup_timeout;
}

// The one of two reasons (worth another egress) that says more about the target; of two that say as
// much, the later.
constexpr wire::FlowReason more_telling(wire::FlowReason before, wire::FlowReason now) {
  using enum wire::FlowReason;
  const auto says = [](wire::FlowReason reason) {
    if (reason == target_refused) return 3;  // something is there and answers
    if (reason == target_unreachable || reason == target_timeout) return 2;
    return reason == lookup_limit ? 1 : 0;
  };
  return says(before) > says(now) ? before : now;
}

}  // namespace rap::router
