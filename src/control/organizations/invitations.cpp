// What becomes of invitations: the organization sees and withdraws its own, a person accepts or
// declines theirs.
#include "control/http/json_reply.hpp"
#include "control/organizations/invitation.hpp"
#include "control/organizations/organization.hpp"
#include "control/organizations/routes.hpp"
#include "policy/addresses/names.hpp"
#include "policy/authorization.hpp"

namespace rap::control {
namespace {

Outcome<Reply> list_invitations(PeoplePorts& ports, const Call& call) {
  return transact(ports.database, call.organization_scope(),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    auto all = tx.invitations().list(call.organization->id);
                    std::erase_if(all, [&](const Invitation& i) { return !i.holds(call.now); });
                    return reply_list(all);
                  });
}

Outcome<Reply> withdraw_invitation(PeoplePorts& ports, const Call& call) {
  const std::string email = policy::normalize_email(call.path("email"));
  return transact(
      ports.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        const auto invitation = tx.invitations().find_and_lock(call.organization->id, email);
        if (!invitation) {
          return refuse(ProblemCode::invitation_not_found,
                        "'" + email + "' is not invited to this organization.");
        }
        if (!policy::may_manage_member(call.caller->platform_role, call.organization->role,
                                       invitation->role)) {
          return refuse(ProblemCode::forbidden,
                        "Only an organization_owner manages admins and owners; ask one to do "
                        "this.");
        }
        tx.invitations().remove(call.organization->id, email);
        tx.audit(call.audit("invitation.withdrawn", "invitation", email, email));
        return no_content();
      });
}

// The list is read under the platform's scope, for a person is no member there yet, and by the
// caller's own address.
Outcome<Reply> list_own(PeoplePorts& ports, const Call& call) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(waiting_for(tx.invitations(), call.caller->email, call.now));
  });
}

// Runs `use` with the caller's invitation to the organization that the path names. An organization
// that does not exist, one that did not invite the caller, and one whose invitation is over are
// answered the same.
template <class Use>
Outcome<Reply> with_own(PeoplePorts& ports, const Call& call, Use use) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto organization = tx.organizations().find(call.path("organization"));
    const auto invitation =
        organization ? tx.invitations().find_and_lock(organization->id, call.caller->email)
                     : std::nullopt;
    if (!invitation || !invitation->holds(call.now)) {
      return refuse(ProblemCode::invitation_not_found,
                    "No invitation to '" + call.path("organization") +
                        "' waits for you; 'rap invitations list' shows which do.");
    }
    if (organization->disabled) {
      return refuse(ProblemCode::organization_disabled,
                    "The platform has disabled the organization '" + organization->name +
                        "'. Ask its administrators.");
    }
    tx.invitations().remove(organization->id, invitation->email);
    return use(tx, *invitation);
  });
}

// The organization's own log says it.
AuditEntry about(const Call& call, std::string_view action, const Invitation& i) {
  AuditEntry entry = call.audit(action, "user", call.caller->id.str(), call.caller->email)
                         .with({{"role", to_string(i.role)}, {"invited_by", i.created_by_email}});
  entry.organization = i.organization;
  return entry;
}

Outcome<Reply> accept(PeoplePorts& ports, const Call& call) {
  return with_own(ports, call, [&](Transaction& tx, const Invitation& i) -> Outcome<Reply> {
    tx.organizations().put_member(i.organization, call.caller->id, i.role, call.now);
    tx.audit(about(call, "member.added", i));
    return reply(to_json(Member{call.caller->id, call.caller->email, i.role, call.now}));
  });
}

Outcome<Reply> decline(PeoplePorts& ports, const Call& call) {
  return with_own(ports, call, [&](Transaction& tx, const Invitation& i) -> Outcome<Reply> {
    tx.audit(about(call, "invitation.declined", i));
    return no_content();
  });
}

}  // namespace

std::vector<RouteOf<PeoplePorts>> invitation_routes() {
  return {
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/invitations",
        .operation = "listInvitations",
        .summary = "Who is invited to the organization and has not accepted yet",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = list_of(invitation_fields())},
       list_invitations},
      {{.method = "DELETE",
        .path = "/api/v1/organizations/{org}/invitations/{email}",
        .operation = "withdrawInvitation",
        .summary = "Withdraw an invitation",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       withdraw_invitation},
      {{.method = "GET",
        .path = "/api/v1/me/invitations",
        .operation = "listOwnInvitations",
        .summary = "The organizations that one is invited to",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {},
        .answer = list_of(invitation_fields())},
       list_own},
      {{.method = "POST",
        .path = "/api/v1/me/invitations/{organization}/accept",
        .operation = "acceptInvitation",
        .summary = "Become a member of the organization, in the role that it offers",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {},
        .answer = {200, member_fields()}},
       accept},
      {{.method = "POST",
        .path = "/api/v1/me/invitations/{organization}/decline",
        .operation = "declineInvitation",
        .summary = "Decline an invitation; the organization is told",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       decline},
  };
}

}  // namespace rap::control
