#include "control/server/serve.hpp"

#include "base/cluster_log.hpp"
#include "base/try.hpp"
#include "control/keys/state_directory.hpp"
#include "control/server/server.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "io/system/throttled_log.hpp"

namespace rap::control::server {
namespace {

Result<void> serve(const ServeOptions& options, Log& lines) {
  const auto addresses = RAP_TRY(check_options(options));
  const StateDirectory state{std::filesystem::absolute(options.state)};
  if (!state.has_pki()) return std::unexpected(state.load_authority().error());
  const auto lock = io::FileLock::try_lock(state.lock_file());
  if (!lock) return std::unexpected("another rap-control serves " + options.state);
  if (auto ok = state.recover(); !ok) return ok;
  auto authority = RAP_TRY(state.load_authority());

  std::optional<store::PrivatePostgres> postgres;
  if (options.database_url.empty()) {
    postgres = state.postgres();
    if (!postgres->exists()) {
      return std::unexpected("there is no private PostgreSQL in " + options.state +
                             "; run 'rap-control init', or name a server with --database-url");
    }
    if (auto ok = postgres->start(); !ok) return ok;
  }
  const std::string conninfo = postgres ? postgres->conninfo() : options.database_url;
  ClusterLog cluster_log(lines, authority.cluster);
  io::ThrottledLog log(cluster_log, io::mono_now);
  const auto done = std::make_unique<Server>(state, std::move(authority), options, conninfo, log)
                        ->run(addresses, postgres);
  if (postgres) {
    if (auto ok = postgres->stop(); !ok) log.warn("postgres.stop_failed", {{"reason", ok.error()}});
  }
  return done;
}

}  // namespace

int run_serve(const ServeOptions& options) {
  io::ignore_hangup();
  io::gain_no_privileges();
  io::leave_no_core();
  io::StderrLog lines("rap-control");
  if (const auto ok = lines.write_to(options.log_file); !ok) {
    lines.error("control.failed", {{"reason", ok.error()}});
    return 1;
  }
  if (const auto done = serve(options, lines); !done) {
    lines.error("control.failed", {{"reason", done.error()}});
    return 1;
  }
  return 0;
}

}  // namespace rap::control::server
