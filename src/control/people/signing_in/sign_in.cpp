// Signing in: a password, and the proof of a device, become a bearer.
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/core/listing.hpp"
#include "control/http/json_reply.hpp"
#include "control/people/bearer.hpp"
#include "control/people/organization.hpp"
#include "control/people/signing_in/password_attempt.hpp"
#include "control/people/signing_in/routes.hpp"
#include "control/people/user.hpp"
#include "policy/names.hpp"
#include "policy/roles.hpp"

namespace rap::control {
namespace {

AuditEntry by_user(const Call& call, const User& user, std::string_view action) {
  AuditEntry entry = call.audit(action, "user", user.id.str(), user.email);
  entry.actor_kind = "user";
  entry.actor_id = user.id.str();
  entry.actor_name = user.email;
  return entry;
}

// The person is proven, and their device is. That one is seen, or refused, is kept either way.
Outcome<void> admit_device(SignInPorts& ports, const Call& call, const User& user,
                           const SignInDevice& device) {
  const bool open = ports.devices.policy != DevicePolicy::approved;
  const auto seen = RAP_TRY(
      transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<SeenDevice> {
        const SeenDevice found = tx.devices().see(user.id, device, call.now, open);
        const Json detail = {{"device", device.id.str()}, {"name", device.name}};
        if (found.is_new) tx.audit(by_user(call, user, "device.added").with(detail));
        if (found.blocked || !(found.approved || open)) {
          AuditEntry entry = by_user(call, user, "auth.sign_in").with(detail);
          entry.outcome = "denied";
          tx.audit(std::move(entry));
        }
        return found;
      }));
  if (seen.blocked) {
    return refuse(ProblemCode::blocklisted, "The platform does not serve this device (" +
                                                device.id.str() + "). Ask your administrator.");
  }
  if (!seen.approved && !open) {
    return refuse(ProblemCode::device_not_approved,
                  "Nobody has approved this device yet. Ask an administrator to run 'rap admin "
                  "devices approve " +
                      device.id.str() + "', then sign in again.");
  }
  return {};
}

// The password may have been changed since it was weighed; then it opens nothing any more.
Outcome<Reply> open_bearer(SignInPorts& ports, const Call& call, const Credentials& proven,
                           std::optional<DeviceId> device) {
  const User& user = proven.user;
  const std::string token =
      std::string(kBearerPrefix) + to_base64url(ports.rng.bytes(kBearerBytes));
  const WallTime expires_at = call.now + kBearerLifetime;
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    if (!tx.users().lock_password(user.id, proven.password_hash)) {
      return std::unexpected(wrong_credentials());
    }
    tx.bearers().add({crypto::sha256(as_bytes(token)), user.id, device, call.request.peer_ip,
                      call.now, expires_at},
                     ports.limits.max_bearers_per_user);
    AuditEntry entry = by_user(call, user, "auth.sign_in");
    if (device) entry = std::move(entry).with({{"device", device->str()}});
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
  const auto device = RAP_TRY(proof_of(call.request, call.cluster));
  if (device)
    RAP_TRY(ports.devices.proofs.check(*device, call.now));  // before a password is weighed
  if (!device && ports.devices.policy == DevicePolicy::approved) return device_required();
  const auto proven =
      RAP_TRY(weigh_password(ports, call, email, call.text("password"), "auth.sign_in"));
  if (!device) return open_bearer(ports, call, proven, std::nullopt);
  RAP_TRY(ports.devices.proofs.use(*device, proven.user.id, call.now));
  RAP_TRY(admit_device(ports, call, proven.user,
                       {device->device, device->key, call.text("device_name")}));
  return open_bearer(ports, call, proven, device->device);
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
    Json answer = {{"id", user.id.str()},
                   {"email", user.email},
                   {"platform_role", to_string(user.platform_role)},
                   {"memberships", std::move(memberships)}};
    if (user.device) answer["device"] = user.device->str();
    return reply(answer);
  });
}

}  // namespace

std::vector<RouteOf<SignInPorts>> sign_in_routes() {
  using namespace field;
  const Field role = choice("platform_role", policy::kPlatformRoleNames);
  const Fields user = {uuid("id"), email("email"), role};
  Fields self = user;
  self.push_back(uuid("device").optional());
  self.push_back(list("memberships", static_cast<std::int64_t>(kMaxListed),
                      {object("organization", {uuid("id"), field::name("name")}),
                       choice("role", policy::kMemberRoleNames)}));
  return {
      {{.method = "POST",
        .path = "/api/v1/auth/login",
        .operation = "signIn",
        .summary = "Exchange an email and a password for a bearer; with one that an administrator "
                   "set, for a bearer that only changes it. With a proof in Device-Proof, every "
                   "request with the bearer needs one of the same device",
        .access = policy::Access::anyone,
        .query = {},
        .body = {text("email", static_cast<std::int64_t>(policy::kMaxEmailBytes)),
                 text("password", kMaxPassword), text("device_name", kMaxDeviceName).optional()},
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
