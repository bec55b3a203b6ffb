// Signing in: a password becomes a bearer.
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/core/listing.hpp"
#include "control/http/json_reply.hpp"
#include "control/people/bearer.hpp"
#include "control/people/organization.hpp"
#include "control/people/password_attempt.hpp"
#include "control/people/routes.hpp"
#include "control/people/user.hpp"
#include "policy/names.hpp"
#include "policy/roles.hpp"

namespace rap::control {
namespace {

// The password may have been changed since it was weighed; then it opens nothing any more.
Outcome<Reply> open_bearer(SignInPorts& ports, const Call& call, const Credentials& proven) {
  const User& user = proven.user;
  const std::string token =
      std::string(kBearerPrefix) + to_base64url(ports.rng.bytes(kBearerBytes));
  const WallTime expires_at = call.now + kBearerLifetime;
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    if (!tx.users().lock_password(user.id, proven.password_hash)) {
      return std::unexpected(wrong_credentials());
    }
    tx.bearers().add(crypto::sha256(as_bytes(token)), user.id, call.request.peer_ip, call.now,
                     expires_at, ports.max_bearers_per_user);
    AuditEntry entry = call.audit("auth.sign_in", "user", user.id.str(), user.email);
    entry.actor_kind = "user";
    entry.actor_id = user.id.str();
    entry.actor_name = user.email;
    tx.audit(std::move(entry));
    Json answer = {{"token", token},
                   {"expires_at", to_unix(expires_at)},
                   {"user",
                    {{"id", user.id.str()},
                     {"email", user.email},
                     {"platform_role", to_string(user.platform_role)}}}};
    if (user.password_expires_at) {
      answer["password_expires_at"] = to_unix(*user.password_expires_at);
    }
    return reply(answer);
  });
}

Outcome<Reply> sign_in(SignInPorts& ports, const Call& call) {
  const std::string email = policy::normalize_email(call.text("email"));
  const auto proven =
      RAP_TRY(weigh_password(ports, call, email, call.text("password"), "auth.sign_in"));
  return open_bearer(ports, call, proven);
}

Outcome<Reply> sign_out(SignInPorts& ports, const Call& call) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    tx.bearers().remove(call.bearer_sha256);
    tx.audit(call.audit("auth.sign_out", "user", call.caller->id.str(), call.caller->email));
    return no_content();
  });
}

Outcome<Reply> me(SignInPorts& ports, const Call& call) {
  const Caller& user = *call.caller;
  return transact(ports.database, Scope::user(user.id), [&](Transaction& tx) -> Outcome<Reply> {
    Json memberships = Json::array();
    for (const Membership& m : tx.organizations().memberships(user.id)) {
      memberships.push_back(
          {{"organization", {{"id", m.organization.id.str()}, {"name", m.organization.name}}},
           {"role", to_string(m.role)}});
    }
    return reply({{"id", user.id.str()},
                  {"email", user.email},
                  {"platform_role", to_string(user.platform_role)},
                  {"memberships", std::move(memberships)}});
  });
}

}  // namespace

std::vector<RouteOf<SignInPorts>> sign_in_routes() {
  using namespace field;
  const Field role = choice("platform_role", policy::kPlatformRoleNames);
  const Fields user = {uuid("id"), email("email"), role};
  Fields self = user;
  self.push_back(list("memberships", static_cast<std::int64_t>(kMaxListed),
                      {object("organization", {uuid("id"), field::name("name")}),
                       choice("role", policy::kMemberRoleNames)}));
  return {
      {{.method = "POST",
        .path = "/api/v1/auth/login",
        .operation = "signIn",
        .summary = "Exchange an email and a password for a bearer; with one that an administrator "
                   "set, for a bearer that only changes it",
        .access = policy::Access::anyone,
        .query = {},
        .body = {text("email", static_cast<std::int64_t>(policy::kMaxEmailBytes)),
                 text("password", kMaxPassword)},
        .answer = {200,
                   {text("token"), time("expires_at"), object("user", user),
                    time("password_expires_at").optional()}}},
       sign_in},
      {{.method = "POST",
        .path = "/api/v1/auth/logout",
        .operation = "signOut",
        .summary = "End the bearer this request came with",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       sign_out},
      {{.method = "GET",
        .path = "/api/v1/me",
        .operation = "getMe",
        .summary = "Who is signed in, and which organizations they belong to",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {},
        .answer = {200, self}},
       me},
  };
}

}  // namespace rap::control
