// People of the platform.
#include "control/http/json_reply.hpp"
#include "control/organizations/delegation.hpp"
#include "control/organizations/told.hpp"
#include "control/people/accounts/routes.hpp"
#include "control/people/auth_epoch.hpp"
#include "control/people/bearer.hpp"
#include "control/people/password_hasher.hpp"
#include "control/people/user.hpp"
#include "control/sessions/ending.hpp"
#include "policy/addresses/names.hpp"
#include "policy/roles.hpp"

namespace rap::control {
namespace {

std::unexpected<Problem> only_owner() {
  return refuse(ProblemCode::forbidden,
                "Only a platform_owner gives or takes platform roles, and changes who has one; ask "
                "one to do this.");
}

std::unexpected<Problem> no_user(const std::string& email) {
  return refuse(ProblemCode::user_not_found,
                "There is no user '" + email + "'; 'rap admin users list' shows who there is.");
}

Outcome<Reply> list_users(PeoplePorts& ports, const Call&) {
  return transact(ports.database, Scope::platform(),
                  [&](Transaction& tx) -> Outcome<Reply> { return reply_list(tx.users().list()); });
}

Outcome<Reply> create_user(PeoplePorts& ports, const Call& call) {
  User user;
  user.id = UserId::random(ports.rng);
  user.email = policy::normalize_email(call.text("email"));
  user.platform_role =
      policy::platform_role_from(call.text("platform_role")).value_or(policy::PlatformRole::none);
  user.created_at = call.now;
  if (policy::is_platform(user.platform_role) && !call.is_platform_owner()) return only_owner();
  const auto hash = ports.passwords.hash(call.text("password"));
  if (!hash) {
    return std::unexpected(
        Problem{ProblemCode::sign_in_busy, "The server is busy; try again shortly.", 1});
  }
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    if (!tx.users().create(user, *hash)) {
      return refuse(ProblemCode::user_exists,
                    "There is a user with the email '" + user.email + "' already.");
    }
    AuditEntry entry = call.audit("user.created", "user", user.id.str(), user.email);
    entry.detail = Json{{"platform_role", to_string(user.platform_role)}}.dump();
    tx.audit(std::move(entry));
    return reply(to_json(user));
  });
}

// Runs `use` with the person the path names, whom the caller may change. Platform roles are a
// platform_owner's to touch.
template <class Use>
Outcome<Reply> with_user(PeoplePorts& ports, const Call& call, Use use) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto user = tx.users().find(call.path("user"));
    if (!user) return no_user(call.path("user"));
    if (policy::is_platform(user->platform_role) && !call.is_platform_owner()) return only_owner();
    return use(tx, *user);
  });
}

// A platform without an owner could never be administered again.
bool is_last_owner(Transaction& tx, const User& user) {
  return user.platform_role == policy::PlatformRole::platform_owner && !user.disabled &&
         tx.users().lock_platform_owners() <= 1;
}

std::unexpected<Problem> last_owner() {
  return refuse(ProblemCode::last_platform_owner,
                "This is the last platform_owner. Create another one first.");
}

AuditEntry about(const Call& call, std::string_view action, const User& user) {
  return call.audit(action, "user", user.id.str(), user.email);
}

Outcome<Reply> update_user(PeoplePorts& ports, const Call& call) {
  const auto role = policy::platform_role_from(call.text("platform_role"));
  return with_user(ports, call, [&](Transaction& tx, const User& user) -> Outcome<Reply> {
    User changed = user;
    changed.platform_role = role.value_or(user.platform_role);
    if (changed.platform_role == user.platform_role) return reply(to_json(user));
    if (is_last_owner(tx, user)) return last_owner();
    tx.users().set_platform_role(user.id, changed.platform_role);
    // Who is no administrator of the platform any more holds no right of one, and who is no owner
    // of it any more gives none. What they gave as the owner of an organization stays.
    audit_ends(tx, call, tx.delegations().remove_all(user.id));
    audit_ends(tx, call, tx.delegations().remove_given(user.id, std::nullopt));
    tx.audit(about(call, "user.changed", user)
                 .with({{"platform_role", to_string(changed.platform_role)},
                        {"before", to_string(user.platform_role)}}));
    return reply(to_json(changed));
  });
}

Outcome<Reply> disable_user(PeoplePorts& ports, const Call& call) {
  return with_user(ports, call, [&](Transaction& tx, const User& user) -> Outcome<Reply> {
    if (user.id == call.caller->id) {
      return refuse(ProblemCode::yourself,
                    "This is your own account; let another administrator disable it.");
    }
    if (is_last_owner(tx, user)) return last_owner();
    User changed = user;
    changed.disabled = true;
    if (user.disabled) return reply(to_json(changed));
    tx.users().disable(user.id, call.now);
    audit_ends(tx, call, tx.delegations().remove_given(user.id));
    tx.bearers().end_all(user.id, SignInEnd::account_disabled);
    end_sessions(ports.rng, tx, call.audit_entry(), {.user = user.id}, "user_disabled");
    audit_with_organizations(tx, about(call, "user.disabled", user), user.id);
    return reply(to_json(changed));
  });
}

Outcome<Reply> enable_user(PeoplePorts& ports, const Call& call) {
  return with_user(ports, call, [&](Transaction& tx, const User& user) -> Outcome<Reply> {
    User changed = user;
    changed.disabled = false;
    if (!user.disabled) return reply(to_json(changed));
    tx.users().enable(user.id);
    audit_with_organizations(tx, about(call, "user.enabled", user), user.id);
    return reply(to_json(changed));
  });
}

Outcome<Reply> remove_user(PeoplePorts& ports, const Call& call) {
  return with_user(ports, call, [&](Transaction& tx, const User& user) -> Outcome<Reply> {
    if (is_last_owner(tx, user)) return last_owner();
    audit_with_organizations(tx, about(call, "user.removed", user), user.id);
    // First the grants, then the sessions: see SessionRepository.
    audit_ends(tx, call, tx.delegations().remove_all(user.id));
    audit_ends(tx, call, tx.delegations().remove_given(user.id));
    tx.users().remove(user.id, call.now);
    tx.bearers().end_all(user.id, SignInEnd::account_removed);
    end_sessions(ports.rng, tx, call.audit_entry(), {.user = user.id}, "user_removed");
    return no_content();
  });
}

// Sessions stay: whoever signs in anew may attach to theirs again.
Outcome<Reply> sign_out_user(PeoplePorts& ports, const Call& call) {
  return with_user(ports, call, [&](Transaction& tx, const User& user) -> Outcome<Reply> {
    tx.bearers().end_all(user.id, SignInEnd::signed_out);
    const std::uint64_t epoch = tx.auth_epochs().bump(user.id, call.now);
    audit_with_organizations(tx, about(call, "user.signed_out", user).with({{"auth_epoch", epoch}}),
                             user.id);
    return reply({{"auth_epoch", epoch}});
  });
}

}  // namespace

std::vector<RouteOf<PeoplePorts>> user_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/users",
        .operation = "listUsers",
        .summary = "Everybody who has an account",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = list_of(user_fields())},
       list_users},
      {{.method = "POST",
        .path = "/api/v1/users",
        .operation = "createUser",
        .summary = "Give a person an account; platform roles are a platform_owner's to give",
        .access = policy::Access::platform,
        .query = {},
        .body = {email("email"), of("password", FieldType::password),
                 choice("platform_role", policy::kPlatformRoleNames).optional()},
        .answer = {201, user_fields()}},
       create_user},
      {{.method = "PATCH",
        .path = "/api/v1/users/{user}",
        .operation = "updateUser",
        .summary = "Give a person another platform role",
        .access = policy::Access::platform_owner,
        .query = {},
        .body = {choice("platform_role", policy::kPlatformRoleNames)},
        .answer = {200, user_fields()}},
       update_user},
      {{.method = "POST",
        .path = "/api/v1/users/{user}/disable",
        .operation = "disableUser",
        .summary = "Shut an account: its bearers and sessions end, its memberships and grants "
                   "wait",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, user_fields()}},
       disable_user},
      {{.method = "POST",
        .path = "/api/v1/users/{user}/enable",
        .operation = "enableUser",
        .summary = "Open a disabled account again, with all it had",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, user_fields()}},
       enable_user},
      {{.method = "DELETE",
        .path = "/api/v1/users/{user}",
        .operation = "removeUser",
        .summary =
            "Close an account: its bearers, memberships, grants and sessions end, and its email "
            "is free",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_user},
      {{.method = "POST",
        .path = "/api/v1/users/{user}/sign-out",
        .operation = "signOutUser",
        .summary = "End a person's bearers, unused tokens and live flows; they may sign in again",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, {count("auth_epoch")}}},
       sign_out_user},
  };
}

}  // namespace rap::control
