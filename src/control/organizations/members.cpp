// Who belongs to an organization.
#include <array>

#include "control/http/json_reply.hpp"
#include "control/organizations/delegation.hpp"
#include "control/organizations/invitation.hpp"
#include "control/organizations/organization.hpp"
#include "control/organizations/routes.hpp"
#include "control/people/user.hpp"
#include "control/sessions/ending.hpp"
#include "policy/addresses/names.hpp"
#include "policy/authorization.hpp"
#include "policy/roles.hpp"

namespace rap::control {
namespace {

using policy::OrganizationRole;

constexpr std::string_view kMember = "member";
constexpr std::string_view kInvited = "invited";
constexpr std::array<std::string_view, 2> kPlacements = {kMember, kInvited};

std::unexpected<Problem> only_organization_owner() {
  return refuse(ProblemCode::forbidden,
                "Only an organization_owner manages admins and owners; ask one to do this.");
}

// A right that ends must not leave one behind that does not.
std::unexpected<Problem> own_by_delegation() {
  return refuse(ProblemCode::yourself,
                "You act here by a right that its owner delegated to you for a time. Let somebody "
                "of the organization add you.");
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

// What a person became, or may become. Of an invitation there is nothing that tells of an account.
Fields placed_fields() {
  using namespace field;
  return {email("email"),
          choice("role", policy::kMemberRoleNames),
          choice("state", kPlacements),
          uuid("user_id").optional(),
          time("created_at"),
          of("disabled", FieldType::boolean).optional(),
          time("expires_at").optional()};
}

Reply placed(const Member& member) {
  Json out = to_json(member);
  out["state"] = kMember;
  return reply(out);
}

Reply placed(const Invitation& invitation) {
  return reply({{"email", invitation.email},
                {"role", to_string(invitation.role)},
                {"state", kInvited},
                {"created_at", to_unix(invitation.created_at)},
                {"expires_at", to_unix(invitation.expires_at)}});
}

// What the member delegated as an owner of the organization ends when they are none any more.
void end_given(Transaction& tx, const Call& call, UserId giver) {
  std::vector<Delegation> ended;
  {
    AsPlatform as_platform(tx);  // whom it was given to is no member of the organization
    ended = tx.delegations().remove_given(giver, call.organization->id);
  }
  audit_ends(tx, call, ended);
}

Reply put(Transaction& tx, const Call& call, Member member, bool is_new) {
  tx.organizations().put_member(call.organization->id, member.user, member.role, call.now);
  if (!is_new && member.role != OrganizationRole::organization_owner) {
    end_given(tx, call, member.user);
  }
  tx.invitations().remove(call.organization->id, member.email);
  tx.audit(call.audit(is_new ? "member.added" : "member.changed", "user", member.user.str(),
                      member.email)
               .with({{"role", to_string(member.role)}}));
  return placed(member);
}

// Administrators of the platform see every account, and make people members at once.
Outcome<Reply> add_account(Transaction& tx, const Call& call, const std::string& email,
                           OrganizationRole role) {
  std::optional<User> user;
  {
    AsPlatform as_platform(tx);  // who is no member yet is invisible to the organization
    user = tx.users().find(email);
  }
  if (!user || user->disabled) {
    return refuse(ProblemCode::user_not_found,
                  "There is no user '" + email + "'; create the account first.");
  }
  if (call.organization->by_delegation && user->id == call.caller->id) {
    return own_by_delegation();
  }
  return put(tx, call, Member{user->id, user->email, role, call.now}, true);
}

// The oldest of an address make way; whose they were is told that, and not by whom.
// The transaction acts for the platform until it ends: that is when other organizations' entries
// are written.
void keep_within_bound(Transaction& tx, const Invitation& newest) {
  tx.set_scope(Scope::platform());
  for (const Invitation& i : tx.invitations().keep_newest(newest, kMaxInvitationsOfAddress)) {
    AuditEntry entry = AuditEntry::of_system(newest.created_at)
                           .about("invitation.displaced", "invitation", i.email, i.email);
    entry.organization = i.organization;
    tx.audit(std::move(entry));
  }
}

// Whoever else invites somebody is not told whether the address has an account: nobody looks.
Outcome<Reply> invite(Transaction& tx, const Call& call, const std::string& email,
                      OrganizationRole role) {
  std::size_t others = 0;
  {
    AsPlatform as_platform(tx);
    others = tx.invitations().lock_and_count(call.organization->id, call.now);
  }
  const auto before = tx.invitations().find_and_lock(call.organization->id, email);
  if (before && before->holds(call.now) && !may_manage(call, before->role)) {
    return only_organization_owner();
  }
  if (!before && others >= kMaxInvitationsOfOrganization) {
    return refuse(ProblemCode::too_many_invitations,
                  "So many invitations of this organization wait already. They end by themselves "
                  "after " +
                      std::to_string(kInvitationLifetime.count()) +
                      " days; 'rap admin invitations list' shows them, and 'withdraw' ends one.");
  }
  Invitation invitation{.organization = call.organization->id,
                        .organization_name = call.organization->name,
                        .email = email,
                        .role = role,
                        .created_at = call.now,
                        .created_by = call.caller->id,
                        .created_by_email = call.caller->email,
                        .inviter_role = call.organization->role,
                        .expires_at = call.now + kInvitationLifetime};
  tx.invitations().put(invitation);
  keep_within_bound(tx, invitation);
  tx.audit(call.audit("member.invited", "invitation", email, email)
               .with({{"role", to_string(role)}, {"until", to_unix(invitation.expires_at)}}));
  return placed(invitation);
}

Outcome<Reply> put_member(PeoplePorts& ports, const Call& call) {
  const auto role = policy::organization_role_from(call.text("role"));
  if (!role || !may_manage(call, *role)) return only_organization_owner();
  const std::string email = policy::normalize_email(call.text("email"));
  return transact(
      ports.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        if (const auto before = tx.organizations().member(call.organization->id, email)) {
          if (!may_manage(call, before->role)) return only_organization_owner();
          Member changed = *before;
          changed.role = *role;
          return put(tx, call, std::move(changed), false);
        }
        return call.is_platform() ? add_account(tx, call, email, *role)
                                  : invite(tx, call, email, *role);
      });
}

// Runs `use` with the member of the path, whom the caller may manage.
template <class Use>
Outcome<Reply> with_member(PeoplePorts& ports, const Call& call, Use use) {
  return transact(
      ports.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        auto member = tx.organizations().member(call.organization->id, call.path("email"));
        if (!member) {
          return refuse(ProblemCode::member_not_found,
                        "'" + call.path("email") + "' is no member of this organization.");
        }
        if (!may_manage(call, member->role)) return only_organization_owner();
        return use(tx, *member);
      });
}

// What a member had open ends, and what they delegated. First the grants, then the sessions: see
// SessionRepository.
void end_of_member(PeoplePorts& ports, Transaction& tx, const Call& call, const Member& member,
                   std::string_view because) {
  end_given(tx, call, member.user);
  end_sessions(ports.rng, tx, call.audit_entry(),
               {.organization = call.organization->id, .user = member.user}, because);
}

AuditEntry about(const Call& call, std::string_view action, const Member& member) {
  return call.audit(action, "user", member.user.str(), member.email);
}

Outcome<Reply> remove_member(PeoplePorts& ports, const Call& call) {
  return with_member(ports, call, [&](Transaction& tx, const Member& member) -> Outcome<Reply> {
    tx.organizations().remove_member(call.organization->id, member.user);
    end_of_member(ports, tx, call, member, "membership_removed");
    tx.audit(about(call, "member.removed", member));
    return no_content();
  });
}

// The role and the grants wait.
Outcome<Reply> disable_member(PeoplePorts& ports, const Call& call) {
  return with_member(ports, call, [&](Transaction& tx, Member& member) -> Outcome<Reply> {
    if (!member.disabled) {
      tx.organizations().disable_member(call.organization->id, member.user, call.now);
      end_of_member(ports, tx, call, member, "membership_disabled");
      tx.audit(about(call, "member.disabled", member));
    }
    member.disabled = true;
    return reply(to_json(member));
  });
}

Outcome<Reply> enable_member(PeoplePorts& ports, const Call& call) {
  return with_member(ports, call, [&](Transaction& tx, Member& member) -> Outcome<Reply> {
    if (call.organization->by_delegation && member.user == call.caller->id) {
      return own_by_delegation();
    }
    if (member.disabled) {
      tx.organizations().enable_member(call.organization->id, member.user);
      tx.audit(about(call, "member.enabled", member));
    }
    member.disabled = false;
    return reply(to_json(member));
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
        .summary = "Invite somebody to the organization, or change a member's role; the answer is "
                   "the same whether or not the address has an account. Administrators of the "
                   "platform make accounts members at once",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {email("email"), choice("role", policy::kMemberRoleNames)},
        .answer = {201, placed_fields()}},
       put_member},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/members/{email}/disable",
        .operation = "disableMember",
        .summary = "Shut a membership: the member's sessions in the organization end and they have "
                   "no role in it; the role and their grants wait",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {200, member_fields()}},
       disable_member},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/members/{email}/enable",
        .operation = "enableMember",
        .summary = "Open a disabled membership again, with its role and grants",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {200, member_fields()}},
       enable_member},
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
