// rap-control reset-password and unlock: whoever is on the control plane's host may let people in
// again, while the server runs and when nobody can sign in any more. Both are in the audit log.
#include <iostream>

#include "base/try.hpp"
#include "control/access/blocklist.hpp"
#include "control/keys/host_database.hpp"
#include "control/organizations/told.hpp"
#include "control/people/signing_in/setting_password.hpp"
#include "control/people/signing_in/temporary_password.hpp"
#include "control/people/user.hpp"
#include "control/server/background/hint_feed.hpp"
#include "control/server/commands/commands.hpp"
#include "control/store/database.hpp"
#include "crypto/keys/password.hpp"
#include "io/system/system.hpp"
#include "policy/addresses/names.hpp"

namespace rap::control::server {
namespace {

struct Host {
  store::PostgresDatabase& database;
  const std::string& conninfo;
  ClusterId cluster;
};

Result<void> as_result(const Outcome<void>& outcome) {
  if (!outcome) return std::unexpected(outcome.error().detail);
  return {};
}

Outcome<User> find_user(Transaction& tx, const std::string& email) {
  auto user = tx.users().find(policy::normalize_email(email));
  if (!user) return refuse(ProblemCode::user_not_found, "there is no user '" + email + "'");
  return std::move(*user);
}

Result<void> reset(const RecoveryOptions& options, const Host& host) {
  io::SystemRandom rng;
  const std::string password = make_temporary_password(rng);
  const std::string hash = crypto::hash_password(password, rng);
  bool disabled = false;
  auto done = transact(host.database, Scope::platform(), [&](Transaction& tx) -> Outcome<void> {
    const auto user = RAP_TRY(find_user(tx, options.email));
    const WallTime now = io::wall_now();
    set_temporary_password(tx, user, hash, now);
    disabled = user.disabled;
    audit_with_organizations(tx,
                             AuditEntry::of_system(now, host_actor("reset-password"))
                                 .about("user.password_reset", "user", user.id.str(), user.email),
                             user.id);
    return {};
  });
  RAP_TRY(as_result(std::move(done)));
  std::cout << password << "\n";
  std::cerr << "This password of " << options.email << " is good for 24 hours and for choosing "
            << "another: sign in with 'rap login'.\nAll their sign-ins and live connections "
            << "have ended.\n";
  if (disabled) {
    std::cerr << "The account is disabled; 'rap-control unlock " << options.email
              << "' enables it.\n";
  }
  return {};
}

Result<void> unlock_account(const RecoveryOptions& options, const Host& host) {
  const Scope scope = Scope::platform().in(host.cluster);
  return as_result(transact(host.database, scope, [&](Transaction& tx) -> Outcome<void> {
    const auto user = RAP_TRY(find_user(tx, options.email));
    const WallTime now = io::wall_now();
    const auto entry = AuditEntry::of_system(now, host_actor("unlock"));
    if (user.disabled) {
      tx.users().enable(user.id);
      audit_with_organizations(tx, entry.about("user.enabled", "user", user.id.str(), user.email),
                               user.id);
    }
    const auto kind = policy::BlocklistKind::user;
    if (tx.blocklist().remove(kind, user.id.str(), now)) {
      tx.audit(entry.about("blocklist.removed", to_string(kind), user.id.str(), user.email));
    }
    return {};
  }));
}

Result<void> unlock(const RecoveryOptions& options, const Host& host) {
  if (!options.email.empty()) RAP_TRY(unlock_account(options, host));
  RAP_TRY(
      as_result(transact(host.database, Scope::platform(), [&](Transaction& tx) -> Outcome<void> {
        tx.audit(AuditEntry::of_system(io::wall_now(), host_actor("unlock"))
                     .about("auth.limits_forgotten", "user", "", options.email));
        return {};
      })));
  auto connection = store::Connection::open(host.conninfo, std::string(store::kAppRole));
  if (!connection) return std::unexpected(connection.error().message);
  const auto announced =
      connection->query("SELECT pg_notify('rap_hints', $1)",
                        {store::to_param(std::string(kForgetLimits) + " " + host.cluster.str())});
  if (!announced) return std::unexpected(announced.error().message);
  std::cerr << "Attempts to sign in are counted anew"
            << (options.email.empty()
                    ? std::string(".")
                    : ", and the account of " + options.email + " is enabled and not blocklisted.")
            << "\n";
  return {};
}

int run(const char* command, const RecoveryOptions& options,
        Result<void> (*work)(const RecoveryOptions&, const Host&)) {
  const auto done =
      on_host_database(options.state, options.database_url, [&](const HostDatabase& host) {
        io::StderrLog log("rap-control", LogLevel::warn);
        store::PostgresDatabase database(
            {.conninfo = host.conninfo, .user = std::string(store::kAppRole), .max_connections = 1},
            log);
        return work(options, {database, host.conninfo, host.authority.cluster});
      });
  if (done) return 0;
  std::cerr << "rap-control " << command << ": " << done.error() << "\n";
  return 1;
}

}  // namespace

int run_reset_password(const RecoveryOptions& options) {
  return run("reset-password", options, reset);
}

int run_unlock(const RecoveryOptions& options) { return run("unlock", options, unlock); }

}  // namespace rap::control::server
