#include "control/core/problem.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace rap::control {
namespace {

using enum ProblemCode;

constexpr std::array kKinds = {
    ProblemKind{malformed_request, 400, "The request is malformed"},
    ProblemKind{invalid_member, 400, "A member of the request is wrong"},
    ProblemKind{not_found, 404, "There is nothing here"},
    ProblemKind{method_not_allowed, 405, "The method does not apply here"},
    ProblemKind{not_signed_in, 401, "Not signed in"},
    ProblemKind{signed_out, 401, "Somebody else ended the sign-in"},
    ProblemKind{wrong_credentials, 401, "Email or password is wrong"},
    ProblemKind{password_change_required, 403, "Choose a password of your own"},
    ProblemKind{device_required, 403, "A device is required"},
    ProblemKind{device_proof_wrong, 401, "The device is not proven"},
    ProblemKind{device_proof_stale, 401, "The device is to be proven anew"},
    ProblemKind{device_not_approved, 403, "The device is not approved"},
    ProblemKind{device_not_found, 404, "No such device"},
    ProblemKind{too_many_attempts, 429, "Too many attempts"},
    ProblemKind{sign_in_busy, 503, "Too many people are signing in"},
    ProblemKind{forbidden, 403, "Your role does not allow this"},
    ProblemKind{organization_not_found, 404, "No such organization"},
    ProblemKind{organization_exists, 409, "The organization exists"},
    ProblemKind{organization_required, 409, "Name the organization"},
    ProblemKind{organization_disabled, 403, "The organization is disabled"},
    ProblemKind{organization_in_use, 409, "The organization is in use"},
    ProblemKind{user_not_found, 404, "No such user"},
    ProblemKind{user_exists, 409, "The user exists"},
    ProblemKind{last_platform_owner, 409, "The last platform owner stays"},
    ProblemKind{yourself, 409, "It would be yourself"},
    ProblemKind{member_not_found, 404, "No such member"},
    ProblemKind{delegation_not_found, 404, "No such delegation"},
    ProblemKind{metrics_token_not_found, 404, "No such metrics token"},
    ProblemKind{metrics_token_exists, 409, "The metrics token exists"},
    ProblemKind{too_many_metrics_tokens, 409, "There are too many metrics tokens"},
    ProblemKind{invitation_not_found, 404, "No such invitation"},
    ProblemKind{too_many_invitations, 409, "Too many invitations wait"},
    ProblemKind{egress_pool_not_found, 404, "No such egress pool"},
    ProblemKind{egress_pool_exists, 409, "The egress pool exists"},
    ProblemKind{egress_pool_empty, 503, "No egress is available"},
    ProblemKind{egress_pool_in_use, 409, "The egress pool is in use"},
    ProblemKind{resource_not_found, 404, "No such resource"},
    ProblemKind{resource_exists, 409, "The resource exists"},
    ProblemKind{resource_disabled, 403, "The resource is disabled"},
    ProblemKind{grant_not_found, 404, "No such grant"},
    ProblemKind{node_not_found, 404, "No such node"},
    ProblemKind{node_exists, 409, "The node exists"},
    ProblemKind{node_revoked, 409, "The node is revoked"},
    ProblemKind{node_not_approved, 409, "The node is not approved"},
    ProblemKind{node_of_organization, 409, "The node is an organization's"},
    ProblemKind{certificate_not_found, 404, "No such certificate"},
    ProblemKind{certificate_unknown, 409, "Too little is known of the certificate"},
    ProblemKind{too_many_revocations, 409, "Too much is revoked"},
    ProblemKind{trust_not_prepared, 409, "No new root is prepared"},
    ProblemKind{trust_rotating, 409, "The trust is being rotated"},
    ProblemKind{config_type_unknown, 404, "No such configuration type"},
    ProblemKind{config_not_found, 404, "No such value"},
    ProblemKind{too_many_configs, 409, "Too many values are set"},
    ProblemKind{policy_denied, 403, "The organization's policy denies it"},
    ProblemKind{session_not_found, 404, "No such session"},
    ProblemKind{session_terminated, 409, "The session is terminated"},
    ProblemKind{no_entry_node, 503, "No entry is available"},
    ProblemKind{blocklisted, 403, "Not served"},
    ProblemKind{blocklist_entry_not_found, 404, "Not blocklisted"},
    ProblemKind{blocklist_full, 409, "The blocklist is full"},
    ProblemKind{join_token_invalid, 403, "The join token is not valid"},
    ProblemKind{join_token_expired, 403, "The join token has expired"},
    ProblemKind{join_token_used, 409, "The join token has been used"},
    ProblemKind{join_token_not_found, 404, "No such join token"},
    ProblemKind{csr_malformed, 422, "The signing request is malformed"},
    ProblemKind{csr_signature_wrong, 422, "The signing request is not signed with its key"},
    ProblemKind{csr_key_unacceptable, 422, "The key is not acceptable"},
    ProblemKind{csr_names_mismatch, 422, "The signing request asks for other names"},
    ProblemKind{names_not_allowed, 422, "A node may not have that name"},
    ProblemKind{enrolment_not_found, 404, "No such enrolment"},
    ProblemKind{enrolment_decided, 409, "The enrolment is decided"},
    ProblemKind{wrong_node, 403, "The certificate is another node's"},
    ProblemKind{wrong_cluster, 403, "The certificate is of another cluster"},
    ProblemKind{node_disabled, 403, "The node may not take part"},
    ProblemKind{role_required, 403, "The node does not have the role for it"},
    ProblemKind{certificate_revoked, 403, "The certificate is not valid"},
    ProblemKind{command_not_found, 404, "No such command"},
    ProblemKind{object_not_found, 404, "No such object"},
    ProblemKind{conflict, 409, "Somebody else changed this"},
    ProblemKind{database_unavailable, 503, "The database is away"},
    ProblemKind{internal_error, 500, "An error of the server"},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i].code != static_cast<ProblemCode>(i)) return false;
  }
  return kKinds.size() == static_cast<std::size_t>(internal_error) + 1;
}
static_assert(is_in_order(), "kind_of() looks a code up by its place");

}  // namespace

const ProblemKind& kind_of(ProblemCode code) { return kKinds[static_cast<std::size_t>(code)]; }

std::string to_json(const Problem& problem) {
  const ProblemKind& kind = kind_of(problem.code);
  const std::string_view name = to_string(problem.code);
  nlohmann::json body = {{"type", "urn:rap:problem:" + std::string(name)},
                         {"title", kind.title},
                         {"status", kind.status},
                         {"code", name},
                         {"detail", problem.detail}};
  if (!problem.nonce.empty()) body["nonce"] = problem.nonce;
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace rap::control
