#include "control/people/signing_in/password_attempt.hpp"

#include "base/try.hpp"
#include "control/http/throttle.hpp"
#include "policy/addresses/ip_prefix.hpp"

namespace rap::control {
namespace {

// Takes one attempt of the account from this network and one of the network; a refused one costs
// neither. Who guesses elsewhere keeps nobody out of their account.
class PasswordAttempt {
 public:
  PasswordAttempt(Throttle& throttle, std::string account, std::string source)
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
                                    const std::string& password, std::string_view action) {
  PasswordAttempt attempt(ports.limits.throttle, email,
                          policy::source_network(call.request.peer_ip));
  RAP_TRY(attempt.begin());
  auto known = find_credentials(ports, email);
  if (!known) {
    attempt.forgive();
    return std::unexpected(known.error());
  }
  // An unknown account costs the same time as a wrong password.
  const auto fits = ports.passwords.check(password, *known ? (*known)->password_hash : "");
  if (!fits) {
    attempt.forgive();
    return std::unexpected(Problem{ProblemCode::sign_in_busy,
                                   "Too many people are signing in right now; try again shortly.",
                                   1});
  }
  if (!*known || !*fits || is_too_late(*known, call.now)) {
    RAP_TRY(record_failure(ports, call, email, *known, action));
    return std::unexpected(wrong_credentials());
  }
  attempt.forgive();
  return std::move(**known);
}

}  // namespace rap::control
