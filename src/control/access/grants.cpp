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

std::unexpected<Problem> own_by_delegation() {
  return refuse(ProblemCode::yourself,
                "You act here by a right that its owner delegated to you for a time. Let "
                "somebody of the organization grant you this.");
}

Outcome<Reply> add_grant(AccessPorts& ports, const Call& call) {
  return with_resource(ports, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    const auto member = tx.organizations().member(r.organization, call.text("email"));
    if (!member) return no_member(call.text("email"));
    if (call.organization->by_delegation && member->user == call.caller->id) {
      return own_by_delegation();
    }
    const auto before = tx.grants().find(r, member->user);
    if (before && before->disabled) {
      return refuse(ProblemCode::conflict, "The grant of '" + member->email +
                                               "' is disabled; 'rap admin grants enable " +
                                               call.organization->name + " " + r.name + " " +
                                               member->email + "' takes it back.");
    }
    if (tx.grants().add(r, member->user, call.now)) {
      AuditEntry entry = call.audit("grant.added", "resource", r.id.str(), r.name);
      entry.detail = Json{{"user", member->email}}.dump();
      tx.audit(std::move(entry));
    }
    return reply(to_json(Grant{member->user, member->email, call.now}));
  });
}

// Runs `use` with the resource and the grant that the path names.
template <class Use>
Outcome<Reply> with_grant(AccessPorts& ports, const Call& call, Use use) {
  return with_resource(ports, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    const auto member = tx.organizations().member(r.organization, call.path("email"));
    auto grant = member ? tx.grants().find(r, member->user) : std::nullopt;
    if (!grant) {
      return refuse(ProblemCode::grant_not_found,
                    "'" + call.path("email") + "' was not granted '" + r.name + "'.");
    }
    return use(tx, r, *grant);
  });
}

AuditEntry about(const Call& call, std::string_view action, const Resource& r, const Grant& g) {
  return call.audit(action, "resource", r.id.str(), r.name).with({{"user", g.email}});
}

void end_sessions_of(AccessPorts& ports, Transaction& tx, const Call& call, const Resource& r,
                     const Grant& g, std::string_view because) {
  end_sessions(ports.rng, tx, call.audit_entry(),
               {.organization = r.organization, .user = g.user, .resource = r.id}, because);
}

Outcome<Reply> disable_grant(AccessPorts& ports, const Call& call) {
  return with_grant(ports, call,
                    [&](Transaction& tx, const Resource& r, Grant& grant) -> Outcome<Reply> {
                      if (!grant.disabled) {
                        tx.grants().disable(r, grant.user, call.now);
                        end_sessions_of(ports, tx, call, r, grant, "grant_disabled");
                        tx.audit(about(call, "grant.disabled", r, grant));
                      }
                      grant.disabled = true;
                      return reply(to_json(grant));
                    });
}

Outcome<Reply> enable_grant(AccessPorts& ports, const Call& call) {
  return with_grant(ports, call,
                    [&](Transaction& tx, const Resource& r, Grant& grant) -> Outcome<Reply> {
                      if (call.organization->by_delegation && grant.user == call.caller->id) {
                        return own_by_delegation();
                      }
                      if (grant.disabled) {
                        tx.grants().enable(r, grant.user);
                        tx.audit(about(call, "grant.enabled", r, grant));
                      }
                      grant.disabled = false;
                      return reply(to_json(grant));
                    });
}

Outcome<Reply> remove_grant(AccessPorts& ports, const Call& call) {
  return with_grant(ports, call,
                    [&](Transaction& tx, const Resource& r, const Grant& grant) -> Outcome<Reply> {
                      tx.grants().remove(r, grant.user);
                      end_sessions_of(ports, tx, call, r, grant, "grant_removed");
                      tx.audit(about(call, "grant.removed", r, grant));
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
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/resources/{resource}/grants/{email}/disable",
        .operation = "disableGrant",
        .summary = "Shut a grant: the member's sessions with the resource end, and start no more",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {200, grant_fields()}},
       disable_grant},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/resources/{resource}/grants/{email}/enable",
        .operation = "enableGrant",
        .summary = "Let a member whose grant was disabled use the resource again",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {200, grant_fields()}},
       enable_grant},
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
