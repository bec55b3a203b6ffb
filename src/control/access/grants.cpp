// Letting members use a resource, and withdrawing that.
#include "control/access/grant.hpp"
#include "control/access/named_resource.hpp"
#include "control/access/resource.hpp"
#include "control/access/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/organizations/organization.hpp"
#include "control/sessions/ending.hpp"

namespace rap::control {
namespace {

Outcome<Reply> list_grants(AccessPorts& ports, const Call& call) {
  return with_resource(ports, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    return reply_list(tx.grants().list(r));
  });
}

std::unexpected<Problem> no_member(const std::string& email) {
  return refuse(ProblemCode::member_not_found,
                "'" + email + "' is no member of this organization; add them first.");
}

Outcome<Reply> add_grant(AccessPorts& ports, const Call& call) {
  return with_resource(ports, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    const auto member = tx.organizations().member(r.organization, call.text("email"));
    if (!member) return no_member(call.text("email"));
    if (call.organization->by_delegation && member->user == call.caller->id) {
      return refuse(ProblemCode::yourself,
                    "You act here by a right that its owner delegated to you for a time. Let "
                    "somebody of the organization grant you this.");
    }
    if (tx.grants().add(r, member->user, call.now)) {
      AuditEntry entry = call.audit("grant.added", "resource", r.id.str(), r.name);
      entry.detail = Json{{"user", member->email}}.dump();
      tx.audit(std::move(entry));
    }
    return reply(to_json(Grant{member->user, member->email, call.now}));
  });
}

Outcome<Reply> remove_grant(AccessPorts& ports, const Call& call) {
  return with_resource(ports, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    const auto member = tx.organizations().member(r.organization, call.path("email"));
    if (!member || !tx.grants().remove(r, member->user)) {
      return refuse(ProblemCode::grant_not_found,
                    "'" + call.path("email") + "' was not granted '" + r.name + "'.");
    }
    end_sessions(ports.rng, tx, call.audit_entry(),
                 {.organization = r.organization, .user = member->user, .resource = r.id},
                 "grant_removed");
    AuditEntry entry = call.audit("grant.removed", "resource", r.id.str(), r.name);
    entry.detail = Json{{"user", member->email}}.dump();
    tx.audit(std::move(entry));
    return no_content();
  });
}

}  // namespace

std::vector<RouteOf<AccessPorts>> grant_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/resources/{resource}/grants",
        .operation = "listGrants",
        .summary = "Who may use the resource",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = list_of(grant_fields())},
       list_grants},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/resources/{resource}/grants",
        .operation = "addGrant",
        .summary = "Let a member use the resource",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {email("email")},
        .answer = {201, grant_fields()}},
       add_grant},
      {{.method = "DELETE",
        .path = "/api/v1/organizations/{org}/resources/{resource}/grants/{email}",
        .operation = "removeGrant",
        .summary = "Withdraw a grant; the member's sessions with the resource end",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_grant},
  };
}

}  // namespace rap::control
