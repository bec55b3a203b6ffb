// People of the platform.
#include "control/http/json_reply.hpp"
#include "control/people/auth_epoch.hpp"
#include "control/people/password_hasher.hpp"
#include "control/people/routes.hpp"
#include "control/people/user.hpp"
#include "control/sessions/ending.hpp"
#include "policy/names.hpp"
#include "policy/roles.hpp"

namespace rap::control {
namespace {

std::unexpected<Problem> only_owner() {
  return refuse(ProblemCode::forbidden,
                "Only a platform_owner gives or takes platform roles; ask one to do this.");
}

std::unexpected<Problem> no_user(const std::string& email) {
  return refuse(ProblemCode::user_not_found,
                "There is no user '" + email + "'; list them to see who there is.");
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

Outcome<Reply> remove_user(PeoplePorts& ports, const Call& call) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto user = tx.users().find(call.path("user"));
    if (!user || user->disabled) return no_user(call.path("user"));
    if (policy::is_platform(user->platform_role) && !call.is_platform_owner()) return only_owner();
    if (user->platform_role == policy::PlatformRole::platform_owner &&
        tx.users().lock_platform_owners() <= 1) {
      return refuse(ProblemCode::last_platform_owner,
                    "This is the last platform_owner. Create another one first.");
    }
    // First the grants, then the sessions: see SessionRepository.
    tx.users().disable(user->id, call.now);
    end_sessions(ports.rng, tx, call.audit_entry(), {.user = user->id}, "user_removed");
    tx.audit(call.audit("user.removed", "user", user->id.str(), user->email));
    return no_content();
  });
}

// Sessions stay: whoever signs in anew may attach to theirs again.
Outcome<Reply> sign_out_user(PeoplePorts& ports, const Call& call) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto user = tx.users().find(call.path("user"));
    if (!user || user->disabled) return no_user(call.path("user"));
    const std::uint64_t epoch = tx.auth_epochs().bump(user->id, call.now);
    AuditEntry entry = call.audit("user.signed_out", "user", user->id.str(), user->email);
    entry.detail = Json{{"auth_epoch", epoch}}.dump();
    tx.audit(std::move(entry));
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
      {{.method = "DELETE",
        .path = "/api/v1/users/{user}",
        .operation = "removeUser",
        .summary = "Close an account: its bearers, memberships, grants and sessions end",
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
