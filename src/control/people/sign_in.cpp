// Signing in: a password becomes a bearer.
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/core/listing.hpp"
#include "control/http/json_reply.hpp"
#include "control/http/throttle.hpp"
#include "control/people/bearer.hpp"
#include "control/people/organization.hpp"
#include "control/people/password_hasher.hpp"
#include "control/people/routes.hpp"
#include "control/people/user.hpp"
#include "policy/ip_prefix.hpp"
#include "policy/names.hpp"
#include "policy/roles.hpp"

namespace rap::control {
namespace {

// Longer ones are refused before anything is computed.
constexpr std::int64_t kMaxPassword = 1024;

Problem wrong_credentials() {
  return {ProblemCode::wrong_credentials,
          "The email or the password is wrong. Check both, or ask your administrator for a new "
          "password.",
          std::nullopt};
}

// Takes one attempt of the account from this network and one of the network; a refused one costs
// neither. Who guesses elsewhere keeps nobody out of their account.
class Attempt {
 public:
  Attempt(Throttle& throttle, std::string account, std::string source)
      : throttle_(throttle), account_(std::move(account) + " " + source), source_(source) {}

  Outcome<void> begin() {
    if (auto wait = throttle_.take(Throttle::Kind::sign_in_source, source_)) {
      return std::unexpected(too_many_attempts(*wait));
    }
    if (auto wait = throttle_.take(Throttle::Kind::sign_in_account, account_)) {
      throttle_.give_back(Throttle::Kind::sign_in_source, source_);
      return std::unexpected(too_many_attempts(*wait));
    }
    return {};
  }
  // It was no guess, or it was not weighed.
  void forgive() {
    throttle_.give_back(Throttle::Kind::sign_in_source, source_);
    throttle_.give_back(Throttle::Kind::sign_in_account, account_);
  }

 private:
  Throttle& throttle_;
  std::string account_;
  std::string source_;
};

Outcome<std::optional<Credentials>> find_credentials(SignInPorts& ports, const std::string& email) {
  return transact(ports.database, Scope::platform(),
                  [&](Transaction& tx) -> Outcome<std::optional<Credentials>> {
                    return tx.users().credentials(email);
                  });
}

Outcome<void> record_failure(SignInPorts& ports, const Call& call, const std::string& email,
                             const std::optional<Credentials>& known) {
  ports.metrics.count_sign_in_failure();
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<void> {
    AuditEntry entry = call.audit("auth.sign_in", "user", known ? known->user.id.str() : "", email);
    entry.outcome = "denied";
    tx.audit(std::move(entry));
    return {};
  });
}

Outcome<Reply> open_bearer(SignInPorts& ports, const Call& call, const User& user) {
  const std::string token =
      std::string(kBearerPrefix) + to_base64url(ports.rng.bytes(kBearerBytes));
  const WallTime expires_at = call.now + kBearerLifetime;
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    tx.bearers().add(crypto::sha256(as_bytes(token)), user.id, call.request.peer_ip, call.now,
                     expires_at, kMaxBearersPerUser);
    AuditEntry entry = call.audit("auth.sign_in", "user", user.id.str(), user.email);
    entry.actor_kind = "user";
    entry.actor_id = user.id.str();
    entry.actor_name = user.email;
    tx.audit(std::move(entry));
    return reply({{"token", token},
                  {"expires_at", to_unix(expires_at)},
                  {"user",
                   {{"id", user.id.str()},
                    {"email", user.email},
                    {"platform_role", to_string(user.platform_role)}}}});
  });
}

Outcome<Reply> sign_in(SignInPorts& ports, const Call& call) {
  const std::string email = policy::normalize_email(call.text("email"));
  Attempt attempt(ports.throttle, email, policy::source_network(call.request.peer_ip));
  RAP_TRY(attempt.begin());
  const auto known = find_credentials(ports, email);
  if (!known) {
    attempt.forgive();
    return std::unexpected(known.error());
  }
  // An unknown account costs the same time as a wrong password.
  const std::string hash = *known ? (*known)->password_hash : "";
  const auto fits = ports.passwords.check(call.text("password"), hash);
  if (!fits) {
    attempt.forgive();
    return std::unexpected(Problem{ProblemCode::sign_in_busy,
                                   "Too many people are signing in right now; try again shortly.",
                                   1});
  }
  if (!*known || !*fits) {
    RAP_TRY(record_failure(ports, call, email, *known));
    return std::unexpected(wrong_credentials());
  }
  attempt.forgive();
  return open_bearer(ports, call, (*known)->user);
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
        .summary = "Exchange an email and a password for a bearer",
        .access = policy::Access::anyone,
        .query = {},
        .body = {text("email", static_cast<std::int64_t>(policy::kMaxEmailBytes)),
                 text("password", kMaxPassword)},
        .answer = {200, {text("token"), time("expires_at"), object("user", user)}}},
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
