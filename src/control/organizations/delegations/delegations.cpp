// Delegating a right to an administrator of the platform, and taking it back.
#include "control/http/json_reply.hpp"
#include "control/organizations/delegation.hpp"
#include "control/organizations/delegations/routes.hpp"
#include "control/people/user.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kDefaultLifetimeSeconds = std::chrono::seconds(std::chrono::days{1}).count();
constexpr std::int64_t kMaxLifetimeSeconds = std::chrono::seconds(std::chrono::days{30}).count();

std::optional<OrganizationId> organization_of(const Call& call) {
  return call.organization ? std::optional(call.organization->id) : std::nullopt;
}

AuditEntry about(const Call& call, std::string_view action, const Delegation& d) {
  return call.audit(action, "user", d.user.str(), d.email);
}

Outcome<Reply> list_delegations(PeoplePorts& ports, const Call& call) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.delegations().list(organization_of(call), call.now));
  });
}

// Whoever is no administrator of the platform and who does not exist are answered the same.
std::unexpected<Problem> no_administrator(const std::string& email) {
  return refuse(ProblemCode::user_not_found,
                "There is no platform_admin '" + email +
                    "'. Rights are delegated to administrators of the platform; a person of the "
                    "organization gets a role with 'rap admin members add'.");
}

Outcome<Reply> add_delegation(PeoplePorts& ports, const Call& call) {
  Delegation d;
  d.organization = organization_of(call);
  d.right = policy::delegated_right_from(call.text("right"))
                .value_or(policy::DelegatedRight::approve_nodes);
  d.created_at = call.now;
  d.created_by = call.caller->id;
  d.created_by_email = call.caller->email;
  d.expires_at = call.now + std::chrono::seconds(call.integer("ttl_s", kDefaultLifetimeSeconds));
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto user = tx.users().find(call.text("email"));
    if (!user || user->disabled || user->platform_role != policy::PlatformRole::platform_admin) {
      return no_administrator(call.text("email"));
    }
    d.user = user->id;
    d.email = user->email;
    tx.delegations().put(d);
    tx.audit(about(call, "delegation.added", d)
                 .with({{"right", to_string(d.right)}, {"until", to_unix(d.expires_at)}}));
    return reply(to_json(d));
  });
}

Outcome<Reply> remove_delegation(PeoplePorts& ports, const Call& call) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto right = policy::delegated_right_from(call.path("right"));
    const auto user = tx.users().find(call.path("email"));
    if (!right || !user || !tx.delegations().remove(organization_of(call), user->id, *right)) {
      return refuse(ProblemCode::delegation_not_found,
                    "'" + call.path("email") + "' has no right '" + call.path("right") +
                        "' from here; 'rap admin delegations list' shows who has which.");
    }
    tx.audit(call.audit("delegation.removed", "user", user->id.str(), user->email)
                 .with({{"right", to_string(*right)}}));
    return no_content();
  });
}

}  // namespace

std::vector<RouteOf<PeoplePorts>> delegation_routes() {
  using namespace field;
  const Field lifetime = integer("ttl_s", 1, kMaxLifetimeSeconds).optional();
  return {
      {{.method = "GET",
        .path = "/api/v1/delegations",
        .operation = "listDelegations",
        .summary = "Rights that the platform's owners delegated to its administrators",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = list_of(delegation_fields())},
       list_delegations},
      {{.method = "POST",
        .path = "/api/v1/delegations",
        .operation = "addDelegation",
        .summary = "Let an administrator approve the platform's nodes, until the time is over",
        .access = policy::Access::platform_owner,
        .query = {},
        .body = {email("email"),
                 choice("right", {to_string(policy::DelegatedRight::approve_nodes)}), lifetime},
        .answer = {201, delegation_fields()}},
       add_delegation},
      {{.method = "DELETE",
        .path = "/api/v1/delegations/{email}/{right}",
        .operation = "removeDelegation",
        .summary = "Take a delegated right back, at once",
        .access = policy::Access::platform_owner,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_delegation},
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/delegations",
        .operation = "listOrganizationDelegations",
        .summary = "What administrators of the platform may do in the organization, until when",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = list_of(delegation_fields())},
       list_delegations},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/delegations",
        .operation = "addOrganizationDelegation",
        .summary = "Let an administrator of the platform act for the organization for a time",
        .access = policy::Access::organization_owner,
        .query = {},
        .body = {email("email"), choice("right", policy::kDelegatedRightNames), lifetime},
        .answer = {201, delegation_fields()}},
       add_delegation},
      {{.method = "DELETE",
        .path = "/api/v1/organizations/{org}/delegations/{email}/{right}",
        .operation = "removeOrganizationDelegation",
        .summary = "Take a delegated right back, at once",
        .access = policy::Access::organization_owner,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_delegation},
  };
}

}  // namespace rap::control
