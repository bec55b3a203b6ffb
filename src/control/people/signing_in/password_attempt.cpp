#include "control/people/signing_in/password_attempt.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/try.hpp"
#include "control/http/throttle.hpp"
#include "control/people/bearer.hpp"
#include "control/people/device.hpp"
#include "policy/addresses/ip_prefix.hpp"

namespace rap::control {
namespace {

// What one attempt has taken of the limits. A refused one costs nothing of what is cheap to refuse;
// who guesses elsewhere keeps nobody out of their account.
class PasswordAttempt {
 public:
  explicit PasswordAttempt(Throttle& throttle) : throttle_(throttle) {}

  std::optional<Duration> take(Throttle::Kind kind, std::string key) {
    if (auto wait = throttle_.take(kind, key)) return wait;
    taken_.emplace_back(kind, std::move(key));
    return std::nullopt;
  }
  // It was no guess, or it was not weighed.
  void forgive() {
    for (const auto& [kind, key] : taken_) throttle_.give_back(kind, key);
    taken_.clear();
  }

 private:
  Throttle& throttle_;
  std::vector<std::pair<Throttle::Kind, std::string>> taken_;
};

// The account that a password is for, and what is known of where it is tried.
struct TriedAccount {
  std::optional<Credentials> credentials;
  bool known_device = false;
  bool known_network = false;  // a living sign-in was made from there
};

struct Origin {
  std::optional<DeviceId> device;
  std::string network;
};

Outcome<TriedAccount> find_account(SignInPorts& ports, const Call& call, const std::string& email,
                                   const Origin& from) {
  return transact(
      ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<TriedAccount> {
        TriedAccount out{.credentials = tx.users().credentials(email)};
        // An unknown account is looked for as a known one is.
        const UserId user = out.credentials ? out.credentials->user.id : UserId{};
        out.known_device = from.device && tx.devices().is_known(user, *from.device, call.now);
        out.known_network = std::ranges::any_of(
            tx.bearers().sources(user, call.now),
            [&](const std::string& ip) { return policy::source_network(ip) == from.network; });
        return out;
      });
}

Problem strangers_wait(Duration wait) {
  Problem problem = too_many_attempts(wait);
  problem.detail =
      "Too many wrong passwords for this account, from devices that it was never signed in from. "
      "One that it was signed in from still may; else wait " +
      std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()) + " s.";
  return problem;
}

std::string at_network(const std::string& email, const Origin& from) {
  return email + " " + from.network;
}

// Each device that signed in to the account before has attempts of its own, so that nobody else
// keeps the person out. All others share those of their network, and networks that the account was
// never signed in from share some more: whoever guesses from many networks gets no further, and one
// network alone cannot take it all.
Outcome<void> take_of_account(PasswordAttempt& attempt, const Call& call, const std::string& email,
                              const Origin& from, const TriedAccount& account) {
  using Kind = Throttle::Kind;
  const bool has_own = account.known_device || call.caller.has_value();
  if (has_own) {
    const std::string whose = from.device ? " device " + from.device->str() : " signed in";
    if (auto wait = attempt.take(Kind::sign_in_account, email + whose)) {
      return std::unexpected(too_many_attempts(*wait));
    }
    return {};
  }
  if (from.device) {
    if (auto wait = attempt.take(Kind::sign_in_account, at_network(email, from))) {
      return std::unexpected(too_many_attempts(*wait));
    }
  }
  if (account.known_network) return {};
  if (auto wait = attempt.take(Kind::sign_in_stranger_network, at_network(email, from))) {
    return std::unexpected(strangers_wait(*wait));
  }
  if (auto wait = attempt.take(Kind::sign_in_strangers, email)) {
    return std::unexpected(strangers_wait(*wait));
  }
  return {};
}

// Whoever shows no device is refused, where their network guessed too often, before the database
// is asked; a refusal after it is dear, and theirs to pay. Proofs of devices have a limit of their
// own (sign_in.cpp).
Outcome<TriedAccount> begin(SignInPorts& ports, const Call& call, PasswordAttempt& attempt,
                            const std::string& email, const Origin& from) {
  using Kind = Throttle::Kind;
  const bool shows_more = from.device || call.caller;
  if (auto wait = attempt.take(Kind::sign_in_source, from.network)) {
    return std::unexpected(too_many_attempts(*wait));
  }
  if (!shows_more) {
    if (auto wait = attempt.take(Kind::sign_in_account, at_network(email, from))) {
      attempt.forgive();
      return std::unexpected(too_many_attempts(*wait));
    }
  }
  auto account = find_account(ports, call, email, from);
  if (!account) {
    attempt.forgive();
    return std::unexpected(std::move(account.error()));
  }
  if (auto within = take_of_account(attempt, call, email, from, *account); !within) {
    if (shows_more) attempt.forgive();
    return std::unexpected(std::move(within.error()));
  }
  return account;
}

Outcome<void> record_failure(SignInPorts& ports, const Call& call, const std::string& email,
                             const std::optional<Credentials>& known, std::string_view action) {
  ports.metrics.count_sign_in_failure();
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<void> {
    AuditEntry entry = call.audit(action, "user", known ? known->user.id.str() : "", email);
    entry.outcome = "denied";
    tx.audit(std::move(entry));
    return {};
  });
}

bool is_too_late(const std::optional<Credentials>& known, WallTime now) {
  return known && known->user.password_expires_at && *known->user.password_expires_at <= now;
}

}  // namespace

Problem wrong_credentials() {
  return {ProblemCode::wrong_credentials,
          "The email or the password is wrong. Check both, or ask your administrator for a new "
          "password.",
          std::nullopt};
}

Outcome<Credentials> weigh_password(SignInPorts& ports, const Call& call, const std::string& email,
                                    const std::string& password, std::string_view action,
                                    std::optional<DeviceId> device) {
  PasswordAttempt attempt(ports.limits.throttle);
  const Origin from{device, policy::source_network(call.request.peer_ip)};
  auto account = RAP_TRY(begin(ports, call, attempt, email, from));
  auto& known = account.credentials;
  // An unknown account costs the same time as a wrong password.
  const auto fits = ports.passwords.check(password, known ? known->password_hash : "");
  if (!fits) {
    attempt.forgive();
    return std::unexpected(Problem{ProblemCode::sign_in_busy,
                                   "Too many people are signing in right now; try again shortly.",
                                   1});
  }
  if (!known || !*fits || is_too_late(known, call.now)) {
    RAP_TRY(record_failure(ports, call, email, known, action));
    return std::unexpected(wrong_credentials());
  }
  attempt.forgive();
  return std::move(*known);
}

}  // namespace rap::control
