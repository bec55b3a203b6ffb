// Changing one's own password, and setting another person's.
#include "base/try.hpp"
#include "control/http/json_reply.hpp"
#include "control/organizations/organization.hpp"
#include "control/organizations/told.hpp"
#include "control/people/auth_epoch.hpp"
#include "control/people/bearer.hpp"
#include "control/people/password_hasher.hpp"
#include "control/people/signing_in/password_attempt.hpp"
#include "control/people/signing_in/routes.hpp"
#include "control/people/signing_in/setting_password.hpp"
#include "control/people/signing_in/temporary_password.hpp"
#include "control/people/user.hpp"
#include "policy/roles.hpp"

namespace rap::control {
namespace {

std::unexpected<Problem> busy() {
  return std::unexpected(
      Problem{ProblemCode::sign_in_busy, "The server is busy; try again shortly.", 1});
}

// Whoever holds a stolen bearer does not know the password, and is out afterwards.
Outcome<Reply> change_password(SignInPorts& ports, const Call& call) {
  const std::string next = call.text("new_password");
  const auto proven = RAP_TRY(weigh_password(ports, call, call.caller->email, call.text("password"),
                                             "auth.password_changed", call.caller->device));
  if (next == call.text("password")) {
    return refuse(ProblemCode::invalid_member, "'new_password' must be another than the old one.");
  }
  const auto hash = ports.passwords.hash(next);
  if (!hash) return busy();
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    if (!tx.users().lock_password(proven.user.id, proven.password_hash)) {
      return std::unexpected(wrong_credentials());
    }
    tx.users().set_password(proven.user.id, *hash, std::nullopt);
    // Live flows and unused tokens of whoever held a stolen bearer end too.
    tx.auth_epochs().bump(proven.user.id, call.now);
    const std::size_t ended =
        tx.bearers().end_all(proven.user.id, SignInEnd::password_changed, call.bearer_sha256);
    tx.audit(call.audit("auth.password_changed", "user", proven.user.id.str(), proven.user.email)
                 .with({{"ended_sign_ins", ended}}));
    return reply({{"ended_sign_ins", ended}});
  });
}

std::unexpected<Problem> own_password() {
  return refuse(ProblemCode::yourself,
                "This is your own account; change its password with 'rap password'.");
}

// Whoever is given the password of such an account is let in there.
bool opens_doors(Transaction& tx, const User& user) {
  return policy::is_platform(user.platform_role) ||
         !tx.organizations().memberships(user.id).empty();
}

Outcome<Reply> reset_user_password(PeoplePorts& ports, const Call& call) {
  const std::string password = make_temporary_password(ports.rng);
  const auto hash = ports.passwords.hash(password);
  if (!hash) return busy();
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto user = tx.users().find(call.path("user"));
    if (!user) {
      return refuse(ProblemCode::user_not_found,
                    "There is no user '" + call.path("user") +
                        "'; 'rap admin users list' shows who there is.");
    }
    if (user->id == call.caller->id) return own_password();
    if (!call.is_platform_owner() && opens_doors(tx, *user)) {
      return refuse(ProblemCode::forbidden,
                    "Only a platform_owner resets the password of who has a platform role or is a "
                    "member of an organization; ask one to do this.");
    }
    const WallTime until = set_temporary_password(tx, *user, *hash, call.now);
    audit_with_organizations(
        tx, call.audit("user.password_reset", "user", user->id.str(), user->email), user->id);
    return reply({{"password", password}, {"expires_at", to_unix(until)}});
  });
}

}  // namespace

WallTime set_temporary_password(Transaction& tx, const User& user, const std::string& hash,
                                WallTime now) {
  const WallTime until = now + kTemporaryPasswordLifetime;
  tx.users().set_password(user.id, hash, until);
  tx.bearers().end_all(user.id, SignInEnd::password_reset);
  tx.auth_epochs().bump(user.id, now);
  return until;
}

std::vector<RouteOf<SignInPorts>> password_routes() {
  using namespace field;
  return {
      {{.method = "PUT",
        .path = "/api/v1/me/password",
        .operation = "changePassword",
        .summary = "Change one's own password; all other sign-ins of the account end, and all live "
                   "flows",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {text("password", kMaxPassword), of("new_password", FieldType::password)},
        .answer = {200, {count("ended_sign_ins")}}},
       change_password},
  };
}

std::vector<RouteOf<PeoplePorts>> password_reset_routes() {
  using namespace field;
  return {
      {{.method = "POST",
        .path = "/api/v1/users/{user}/reset-password",
        .operation = "resetUserPassword",
        .summary = "Give a person a password that is good once, for choosing another; sign-ins "
                   "and live flows end",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, {text("password"), time("expires_at")}}},
       reset_user_password},
  };
}

}  // namespace rap::control
