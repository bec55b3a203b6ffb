// Signing in: a password, and the proof of a device, become a bearer. How often somebody may try
// is counted in password_attempt.hpp, by the limits of control/server/rate_limits.hpp.
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/core/listing.hpp"
#include "control/http/json_reply.hpp"
#include "control/organizations/invitation.hpp"
#include "control/organizations/organization.hpp"
#include "control/people/bearer.hpp"
#include "control/people/device.hpp"
#include "control/people/signing_in/password_attempt.hpp"
#include "control/people/signing_in/routes.hpp"
#include "control/people/user.hpp"
#include "policy/addresses/ip_prefix.hpp"
#include "policy/addresses/names.hpp"
#include "policy/authorization.hpp"
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

// A stranger's proof costs a signature and a look-up under the lock of all: each takes one of the
// attempts of the network it comes from, until the password shows that it is no stranger's.
class ProofAttempt {
 public:
  ProofAttempt(SignInPorts& ports, const Call& call)
      : ports_(ports), call_(call), source_(policy::source_network(call.request.peer_ip)) {}

  // The proof, which is fresh; nullopt when none comes.
  Outcome<std::optional<crypto::DeviceProof>> begin() {
    if (call_.request.header(kDeviceProofHeader).empty()) return std::nullopt;
    if (auto wait = ports_.limits.throttle.take(Throttle::Kind::device_proof_source, source_)) {
      return std::unexpected(too_many_attempts(*wait));
    }
    taken_ = true;
    auto proof = RAP_TRY(proof_of(call_.request, call_.cluster));
    if (proof) RAP_TRY(ports_.devices.proofs.check(*proof, call_.now));
    return proof;
  }
  void forgive() {
    if (taken_) ports_.limits.throttle.give_back(Throttle::Kind::device_proof_source, source_);
    taken_ = false;
  }

 private:
  SignInPorts& ports_;
  const Call& call_;
  std::string source_;
  bool taken_ = false;
};

// Sees the device that somebody signs in with. Yields why it may not; that it was seen, or refused,
// is kept either way.
std::optional<Problem> see_device(SignInPorts& ports, const Call& call, Transaction& tx,
                                  const User& user, const SignInDevice& device) {
  const DevicePolicy policy = ports.devices.policy;
  const SeenDevice seen =
      tx.devices().see(user.id, device, call.now, policy != DevicePolicy::approved);
  // No sign-in outlives its device, nor is one revived when that comes back.
  for (const DeviceId forgotten : seen.forgotten) {
    tx.bearers().end_of_device(forgotten, SignInEnd::device_removed, user.id);
    tx.audit(by_user(call, user, "device.forgotten").with({{"device", forgotten.str()}}));
  }
  const Json detail = {{"device", device.id.str()}, {"name", device.name}};
  if (seen.is_new) {
    tx.bearers().end_of_device(device.id, SignInEnd::device_removed, user.id);
    tx.audit(by_user(call, user, "device.added").with(detail));
  }
  const auto admitted = check_device(seen.standing, device.id, user.email, policy);
  if (admitted) return std::nullopt;
  AuditEntry entry = by_user(call, user, "auth.sign_in").with(detail);
  entry.outcome = "denied";
  tx.audit(std::move(entry));
  return admitted.error();
}

Reply open_bearer(SignInPorts& ports, const Call& call, Transaction& tx, const User& user,
                  std::optional<DeviceId> device) {
  const std::string token =
      std::string(kBearerPrefix) + to_base64url(ports.rng.bytes(kBearerBytes));
  const WallTime expires_at = call.now + kBearerLifetime;
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
}

// The person is proven, and their device is. It is seen and signed in at once, so that no bearer is
// opened for one that is being disabled or removed.
Outcome<Reply> enter(SignInPorts& ports, const Call& call, const Credentials& proven,
                     const std::optional<crypto::DeviceProof>& proof) {
  const User& user = proven.user;
  using Entered = std::expected<Reply, Problem>;
  std::optional<SignInDevice> device;
  if (proof) device = SignInDevice{proof->device, proof->key, call.text("device_name")};
  auto entered =
      transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Entered> {
        // It may have been changed since it was weighed; then it opens nothing any more.
        if (!tx.users().lock_password(user.id, proven.password_hash)) {
          return std::unexpected(wrong_credentials());
        }
        if (device) {
          RAP_TRY(use_everywhere(tx, *proof, call.now, false));
          if (auto refusal = see_device(ports, call, tx, user, *device)) {
            return Entered(std::unexpected(std::move(*refusal)));
          }
        }
        return Entered(
            open_bearer(ports, call, tx, user, device ? std::optional(device->id) : std::nullopt));
      });
  if (!entered) return std::unexpected(std::move(entered.error()));
  return std::move(*entered);
}

bool is_guess(const Problem& problem) {
  return problem.code == ProblemCode::wrong_credentials ||
         problem.code == ProblemCode::too_many_attempts;
}

Outcome<Reply> sign_in(SignInPorts& ports, const Call& call) {
  const std::string email = policy::normalize_email(call.text("email"));
  ProofAttempt attempt(ports, call);
  const auto proof = RAP_TRY(attempt.begin());  // before a password is weighed
  const auto proven = weigh_password(ports, call, email, call.text("password"), "auth.sign_in",
                                     proof ? std::optional(proof->device) : std::nullopt);
  if (proven || !is_guess(proven.error())) attempt.forgive();
  if (!proven) return std::unexpected(proven.error());
  if (!proof) {
    // A bare bearer opens nothing but the metrics then, which are the platform's people's.
    if (ports.devices.policy == DevicePolicy::approved &&
        !is_platform(proven->user.platform_role)) {
      return device_required();
    }
    return enter(ports, call, *proven, std::nullopt);
  }
  RAP_TRY(ports.devices.proofs.use(*proof, proven->user.id, call.now));
  return enter(ports, call, *proven, proof);
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
      if (m.disabled) continue;
      memberships.push_back(
          {{"organization", {{"id", m.organization.id.str()}, {"name", m.organization.name}}},
           {"role", to_string(m.role)}});
    }
    Json answer = {{"id", user.id.str()},
                   {"email", user.email},
                   {"platform_role", to_string(user.platform_role)},
                   {"memberships", std::move(memberships)}};
    AsPlatform as_platform(tx);  // nobody is a member of what they are invited to
    Json invitations = Json::array();
    for (const Invitation& i : waiting_for(tx.invitations(), user.email, call.now)) {
      invitations.push_back(i.organization_name);
    }
    if (!invitations.empty()) answer["invitations"] = std::move(invitations);
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
  self.push_back(
      text_list("invitations", static_cast<std::int64_t>(kMaxInvitationsOfAddress)).optional());
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
