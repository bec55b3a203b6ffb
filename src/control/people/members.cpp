// Who belongs to an organization.
#include "control/http/json_reply.hpp"
#include "control/people/organization.hpp"
#include "control/people/routes.hpp"
#include "control/people/user.hpp"
#include "control/sessions/ending.hpp"
#include "policy/roles.hpp"

namespace rap::control {
namespace {

using policy::OrganizationRole;

std::unexpected<Problem> only_organization_owner() {
  return refuse(ProblemCode::forbidden,
                "Only an organization_owner manages admins and owners; ask one to do this.");
}

Outcome<Reply> list_members(PeoplePorts& ports, const Call& call) {
  return transact(ports.database, call.organization_scope(),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    return reply_list(tx.organizations().members(call.organization->id));
                  });
}

bool may_manage(const Call& call, OrganizationRole role) {
  return policy::may_manage_member(call.caller->platform_role, call.organization->role, role);
}

Outcome<Reply> put_member(PeoplePorts& ports, const Call& call) {
  const auto role = policy::organization_role_from(call.text("role"));
  if (!role || !may_manage(call, *role)) return only_organization_owner();
  return transact(
      ports.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        const auto before = tx.organizations().member(call.organization->id, call.text("email"));
        if (before && !may_manage(call, before->role)) return only_organization_owner();
        std::optional<User> user;
        {
          AsPlatform as_platform(tx);  // who is no member yet is invisible to the organization
          user = tx.users().find(call.text("email"));
        }
        if (!user || user->disabled) {
          return refuse(ProblemCode::user_not_found,
                        "There is no user '" + call.text("email") +
                            "'; ask the platform to create the account.");
        }
        // A right that ends must not leave one behind that does not.
        if (call.organization->by_delegation && user->id == call.caller->id) {
          return refuse(ProblemCode::yourself,
                        "You act here by a right that its owner delegated to you for a time. Let "
                        "somebody of the organization add you.");
        }
        tx.organizations().put_member(call.organization->id, user->id, *role, call.now);
        AuditEntry entry = call.audit(before ? "member.changed" : "member.added", "user",
                                      user->id.str(), user->email);
        entry.detail = Json{{"role", to_string(*role)}}.dump();
        tx.audit(std::move(entry));
        return reply(
            to_json(Member{user->id, user->email, *role, before ? before->created_at : call.now}));
      });
}

Outcome<Reply> remove_member(PeoplePorts& ports, const Call& call) {
  return transact(
      ports.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        const auto member = tx.organizations().member(call.organization->id, call.path("email"));
        if (!member) {
          return refuse(ProblemCode::member_not_found,
                        "'" + call.path("email") + "' is no member of this organization.");
        }
        if (!may_manage(call, member->role)) return only_organization_owner();
    // First the grants, then the sessions: see SessionRepository.
        tx.organizations().remove_member(call.organization->id, member->user);
        end_sessions(ports.rng, tx, call.audit_entry(),
                     {.organization = call.organization->id, .user = member->user},
                     "membership_removed");
        tx.audit(call.audit("member.removed", "user", member->user.str(), member->email));
        return no_content();
      });
}

}  // namespace

std::vector<RouteOf<PeoplePorts>> member_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/members",
        .operation = "listMembers",
        .summary = "Who belongs to the organization",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = list_of(member_fields())},
       list_members},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/members",
        .operation = "putMember",
        .summary = "Add a member or change their role",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {email("email"), choice("role", policy::kMemberRoleNames)},
        .answer = {201, member_fields()}},
       put_member},
      {{.method = "DELETE",
        .path = "/api/v1/organizations/{org}/members/{email}",
        .operation = "removeMember",
        .summary = "Remove a member; their grants and sessions in the organization end",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_member},
  };
}

}  // namespace rap::control
