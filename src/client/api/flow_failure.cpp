#include "client/api/flow_failure.hpp"

namespace rap::client {
namespace {

using wire::FlowReason;

struct Meaning {
  ExitCode code;
  const char* what;
  const char* advice;
};

Meaning meaning(FlowReason reason) {
  switch (reason) {
    case FlowReason::token_invalid:
    case FlowReason::token_replayed:
    case FlowReason::wrong_cluster:
    case FlowReason::wrong_entry:
    case FlowReason::wrong_resource:
      return {ExitCode::denied, "the fabric did not accept the session's token",
              "Try again; if it persists, ask the platform's administrator."};
    case FlowReason::token_expired:
      return {ExitCode::denied,
              "by the clock of a node on the way the session's token is not valid",
              "Try again. If it persists, that node's clock is wrong, and not this machine's: the "
              "platform's administrator sees whose with 'rap admin nodes list'."};
    case FlowReason::channel_class_denied:
      return {ExitCode::denied, "this kind of traffic is not allowed here", "Try another --class."};
    case FlowReason::session_ended:
      return {ExitCode::denied, "the session was ended",
              "If it was not you, ask an administrator of your organization."};
    case FlowReason::signed_out:
      return {ExitCode::not_signed_in, "you were signed out everywhere", "Run 'rap login'."};
    case FlowReason::blocklisted:
      return {ExitCode::denied, "the platform does not serve you, this device or this address",
              "Ask your administrator."};
    case FlowReason::target_unreachable:
    case FlowReason::target_timeout:
      return {ExitCode::unreachable, "the resource cannot be reached from its own network",
              "Is it running, and does its host name lead to it from there?"};
    case FlowReason::target_refused:
      return {ExitCode::unreachable, "the resource refuses connections",
              "Is its service running on that port?"};
    case FlowReason::target_reset:
      return {ExitCode::unreachable, "the resource broke the connection off",
              "See what its service says."};
    case FlowReason::target_denied:
      return {ExitCode::denied, "the egress may not open the address that the resource's host has",
              "Ask the platform's administrator to allow its range "
              "('rap admin configs set egress_target_ranges'), or the organization's to change the "
              "host."};
    case FlowReason::lookup_limit:
      return {ExitCode::failed,
              "too many host names of your organization are being looked up at once",
              "Try again in a moment; a nameserver of the resource's network may be out of order."};
    case FlowReason::no_route:
    case FlowReason::hop_limit:
    case FlowReason::not_ready:
    case FlowReason::setup_timeout:
      return {ExitCode::unreachable, "the fabric has no path to the resource's network now",
              "Try again in a moment."};
    case FlowReason::peer_lost:
    case FlowReason::shutting_down:
      return {ExitCode::unreachable, "the connection to the fabric was lost", "Try again."};
    case FlowReason::limit_reached:
      return {ExitCode::failed, "there are too many connections at once",
              "Close some and try again."};
    case FlowReason::unknown_flow:
    case FlowReason::hold_expired:
      return {ExitCode::unreachable, "the connection was away for longer than it is held",
              "Connect again."};
    case FlowReason::superseded: return {ExitCode::failed, "the connection goes on elsewhere", ""};
    case FlowReason::proof_invalid:
      return {ExitCode::denied, "the fabric did not accept that this connection is yours",
              "Connect again."};
    case FlowReason::protocol_error:
    case FlowReason::unknown_label:
    case FlowReason::flow_control:
    case FlowReason::seal_failed:
    case FlowReason::out_of_sequence:
    case FlowReason::tail_gone:
      return {ExitCode::failed, "a fault in the protocol ended the connection",
              "Please report it."};
  }
  return {ExitCode::failed, "the connection ended", ""};
}

}  // namespace

Failure flow_failure(FlowReason reason, bool accepted, const std::string& resource,
                     const std::string& detail) {
  const Meaning m = meaning(reason);
  std::string text = resource + (accepted ? ": disconnected, " : ": not connected, ") + m.what +
                     " (" + std::string(wire::to_string(reason));
  if (!detail.empty()) text += ": " + detail;
  return {m.code, text + "). " + m.advice};
}

}  // namespace rap::client
