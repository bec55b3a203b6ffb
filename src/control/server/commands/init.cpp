#include <iostream>
#include <optional>

#include "base/try.hpp"
#include "control/keys/state_directory.hpp"
#include "control/people/accounts/bootstrap.hpp"
#include "control/server/commands/commands.hpp"
#include "control/store/database.hpp"
#include "control/store/postgres/migrations.hpp"
#include "crypto/keys/password.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "policy/addresses/names.hpp"

namespace rap::control::server {
namespace {

Result<void> check(const InitOptions& options) {
  for (const std::string& host : options.hosts) {
    if (const char* wrong = policy::check_host(host)) {
      return std::unexpected("--host " + host + " " + wrong);
    }
  }
  if (const char* wrong = policy::check_email(options.owner_email)) {
    return std::unexpected(std::string("--owner-email ") + wrong);
  }
  if (const char* wrong = policy::check_password(options.owner_password)) {
    return std::unexpected(std::string("the password on standard input ") + wrong);
  }
  return {};
}

Result<void> prepare_database(const std::string& conninfo) {
  auto owner = store::Connection::open(conninfo, std::string(store::kOwnerRole));
  if (!owner) {
    return std::unexpected("cannot sign in to the database as rap_owner: " + owner.error().message);
  }
  const auto applied = store::migrate(*owner, store::embedded_migrations());
  if (!applied) return std::unexpected(applied.error().message);
  return {};
}

Result<void> create_owner(const InitOptions& options, const std::string& conninfo,
                          ClusterId cluster, RandomSource& rng, Log& log) {
  store::PostgresDatabase database(
      {.conninfo = conninfo, .user = std::string(store::kAppRole), .max_connections = 1}, log);
  control::User owner;
  owner.id = UserId::random(rng);
  owner.email = policy::normalize_email(options.owner_email);
  owner.platform_role = policy::PlatformRole::platform_owner;
  owner.created_at = io::wall_now();
  const auto done = control::bootstrap(database, cluster, owner,
                                       crypto::hash_password(options.owner_password, rng));
  if (!done) return std::unexpected(done.error().detail);
  return {};
}

Result<void> initialize(const InitOptions& options, StateDirectory& state, Log& log) {
  if (auto ok = check(options); !ok) return ok;
  io::SystemRandom rng;
  if (auto ok = state.create(rng); !ok) return ok;
  const auto lock = io::FileLock::try_lock(state.lock_file());
  if (!lock)
    return std::unexpected("another rap-control uses " + options.state + "; stop it first");

  if (auto ok = state.recover(); !ok) return ok;
  // An init that was cut short goes on where it stopped: every step can be repeated.
  auto postgres = state.postgres();
  const bool is_private = options.database_url.empty();
  if (is_private) {
    if (auto ok = postgres.exists() ? postgres.start() : postgres.create(); !ok) return ok;
  }
  const std::string conninfo = is_private ? postgres.conninfo() : options.database_url;
  const auto rest = [&]() -> Result<void> {
    if (auto ok = prepare_database(conninfo); !ok) return ok;
    if (!state.has_pki()) {
      if (auto ok = state.create_pki(options.hosts, io::wall_now(), rng); !ok) return ok;
    }
    const auto authority = RAP_TRY(state.load_authority());
    return create_owner(options, conninfo, authority.cluster, rng, log);
  };
  auto done = rest();
  if (!is_private) return done;
  auto stopped = postgres.stop();
  return done ? stopped : done;
}

}  // namespace

std::string read_password(std::istream& in) {
  std::string line;
  std::getline(in, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

int run_init(const InitOptions& options) {
  io::StderrLog log("rap-control", LogLevel::warn);
  StateDirectory state{std::filesystem::absolute(options.state)};
  if (const auto done = initialize(options, state, log); !done) {
    std::cerr << "rap-control init: " << done.error() << "\n";
    return 1;
  }
  const auto authority = state.load_authority();
  std::cerr
      << "The platform is initialized in " << options.state << ".\n\n"
      << "  root certificate  " << state.root_certificate().string() << "\n"
      << "  its SHA-256       " << (authority ? authority->root_fingerprint() : "") << "\n\n"
      << "TAKE THE ROOT KEY OFFLINE NOW: move " << state.root_key().string() << "\n"
      << "to a medium that is in no computer, and delete it here. The server runs without it;\n"
      << "it is needed again only to replace the intermediate certificate.\n\n"
      << "Start the server with 'rap-control serve --state " << options.state << " …'.\n";
  return 0;
}

}  // namespace rap::control::server
