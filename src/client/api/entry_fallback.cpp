#include "client/api/entry_fallback.hpp"

#include <utility>

namespace rap::client {

using wire::FallbackCause;
using wire::FlowReason;

FallbackCause cause_of(std::optional<crypto::CertificateFault> fault) {
  using Fault = crypto::CertificateFault;
  if (!fault) return FallbackCause::unreachable;
  switch (*fault) {
    case Fault::expired: return FallbackCause::certificate_expired;
    case Fault::wrong_name: return FallbackCause::hostname_mismatch;
    case Fault::unknown_root: return FallbackCause::unknown_ca;
    case Fault::revoked:
    case Fault::status_revoked: return FallbackCause::certificate_revoked;
    case Fault::bad_status: return FallbackCause::status_not_good;
    case Fault::no_certificate:
    case Fault::bad_chain:
    case Fault::not_yet_valid:
    case Fault::wrong_key_usage:
    case Fault::no_identity:
    case Fault::wrong_kind:
    case Fault::wrong_member:
    case Fault::wrong_cluster: break;
  }
  return FallbackCause::certificate_invalid;
}

std::optional<FallbackCause> worth_another_entry(FlowReason reason) {
  switch (reason) {
    case FlowReason::peer_lost: return FallbackCause::unreachable;
    case FlowReason::no_route:
    case FlowReason::not_ready:
    case FlowReason::limit_reached:
    case FlowReason::setup_timeout:
    case FlowReason::shutting_down: return FallbackCause::not_ready;
    case FlowReason::token_invalid:
    case FlowReason::wrong_entry:
    case FlowReason::proof_invalid: return FallbackCause::token_failure;
    case FlowReason::protocol_error:
    case FlowReason::unknown_label:
    case FlowReason::flow_control:
    case FlowReason::token_expired:
    case FlowReason::token_replayed:
    case FlowReason::wrong_cluster:
    case FlowReason::wrong_resource:
    case FlowReason::channel_class_denied:
    case FlowReason::session_ended:
    case FlowReason::signed_out:
    case FlowReason::blocklisted:
    case FlowReason::hop_limit:
    case FlowReason::seal_failed:
    case FlowReason::target_unreachable:
    case FlowReason::target_refused:
    case FlowReason::target_timeout:
    case FlowReason::target_denied:
    case FlowReason::target_reset:
    case FlowReason::lookup_limit:
    case FlowReason::out_of_sequence:
    case FlowReason::tail_gone:
    case FlowReason::unknown_flow:
    case FlowReason::hold_expired:
    case FlowReason::superseded: return std::nullopt;
  }
  return std::nullopt;
}

void FallbackLog::note(const std::string& entry, FallbackCause cause, std::string_view detail) {
  err_ << "rap: entry " << entry << " is passed over (" << to_string(cause) << ")"
       << (detail.empty() ? "" : ": ") << detail << std::endl;
  if (kept_.size() < kMaxKept) kept_.push_back({entry, cause});
}

std::vector<Fallback> FallbackLog::take() { return std::exchange(kept_, {}); }

}  // namespace rap::client
