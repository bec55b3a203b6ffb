// Refusals as values (RFC 9457). A code is part of the API: clients react to it, people read the
// detail, which says what to do next and never tells a caller what they may not know.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace rap::control {

enum class ProblemCode : std::uint8_t {
  // The request itself.
  malformed_request,
  invalid_member,
  not_found,
  method_not_allowed,
  // Who asks.
  not_signed_in,
  signed_out,
  wrong_credentials,
  password_change_required,
  device_required,
  device_proof_wrong,
  device_proof_stale,
  device_not_approved,
  device_not_found,
  too_many_attempts,
  sign_in_busy,
  forbidden,
  // What is asked for.
  organization_not_found,
  organization_exists,
  organization_required,
  organization_disabled,
  organization_in_use,
  user_not_found,
  user_exists,
  last_platform_owner,
  yourself,
  member_not_found,
  delegation_not_found,
  metrics_token_not_found,
  metrics_token_exists,
  too_many_metrics_tokens,
  invitation_not_found,
  too_many_invitations,
  egress_pool_not_found,
  egress_pool_exists,
  egress_pool_empty,
  egress_pool_in_use,
  resource_not_found,
  resource_exists,
  resource_disabled,
  grant_not_found,
  node_not_found,
  node_exists,
  node_revoked,
  node_not_approved,
  node_of_organization,
  certificate_not_found,
  certificate_unknown,
  too_many_revocations,
  trust_not_prepared,
  trust_rotating,
  config_type_unknown,
  config_not_found,
  too_many_configs,
  policy_denied,
  session_not_found,
  session_terminated,
  no_entry_node,
  blocklisted,
  blocklist_entry_not_found,
  blocklist_full,
  // Enrolment.
  join_token_invalid,
  join_token_expired,
  join_token_used,
  join_token_not_found,
  csr_malformed,
  csr_signature_wrong,
  csr_key_unacceptable,
  csr_names_mismatch,
  names_not_allowed,
  enrolment_not_found,
  enrolment_decided,
  // The node listener.
  wrong_node,
  wrong_cluster,
  node_disabled,
  role_required,
  certificate_revoked,
  command_not_found,
  object_not_found,
  // Us.
  conflict,
  database_unavailable,
  internal_error,
};

struct ProblemKind {
  ProblemCode code;
  std::string_view name;  // in "urn:rap:problem:<name>"
  int status;
  std::string_view title;
};
const ProblemKind& kind_of(ProblemCode code);

struct Problem {
  ProblemCode code = ProblemCode::internal_error;
  std::string detail;
  std::optional<std::int64_t> retry_after_s;
  std::string nonce = {};  // for the proof of a device that asks again; mostly empty
};

template <class T>
using Outcome = std::expected<T, Problem>;

inline std::unexpected<Problem> refuse(ProblemCode code, std::string detail) {
  return std::unexpected(Problem{code, std::move(detail), std::nullopt});
}

// The application/problem+json body.
std::string to_json(const Problem& problem);

}  // namespace rap::control
