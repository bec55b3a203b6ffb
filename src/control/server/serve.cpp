#include "control/server/serve.hpp"

#include <algorithm>

#include "base/log/cluster_log.hpp"
#include "base/try.hpp"
#include "control/keys/host_database.hpp"
#include "control/keys/state_directory.hpp"
#include "control/server/server.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "io/system/throttled_log.hpp"

namespace rap::control::server {
namespace {

// The note of the hosts that people and nodes are told, for as long as this serves.
class ServedHostsNoted {
 public:
  explicit ServedHostsNoted(const StateDirectory& state) : state_(state) {}
  ~ServedHostsNoted() { state_.forget_served_hosts(); }
  ServedHostsNoted(const ServedHostsNoted&) = delete;
  ServedHostsNoted& operator=(const ServedHostsNoted&) = delete;

 private:
  const StateDirectory& state_;
};

// Everybody who is told such a host finds a certificate for other names there.
void warn_of_unnamed(const std::vector<ServedHost>& served, const std::vector<std::string>& names,
                     const ServeOptions& options, Log& log) {
  for (const ServedHost& each : served) {
    if (std::ranges::find(names, plain_host(each.host)) != names.end()) continue;
    log.warn("certificate.host_missing",
             {{"option", each.option},
              {"host", each.host},
              {"detail",
               "The certificate does not speak for it, so nobody who is told it gets in. Run "
               "'rap-control names add " +
                   each.host + " --state " + options.state + "'; that needs no restart."}});
  }
}

Result<void> serve(const ServeOptions& options, Log& lines) {
  const auto addresses = RAP_TRY(check_options(options));
  const StateDirectory state{std::filesystem::absolute(options.state)};
  if (!state.has_pki()) return std::unexpected(state.load_authority().error());
  const auto lock = io::FileLock::try_lock(state.lock_file());
  if (!lock) return std::unexpected("another rap-control serves " + options.state);
  if (auto ok = state.recover(); !ok) return ok;
  auto authority = RAP_TRY(state.load_authority());
  const auto served = served_hosts(options);
  RAP_TRY(state.note_served_hosts(served));
  const ServedHostsNoted noted(state);

  std::optional<store::PrivatePostgres> postgres;
  if (options.database_url.empty()) {
    postgres = state.postgres();
    if (!postgres->exists()) {
      return std::unexpected(no_private_postgres(options.state));
    }
    if (auto ok = postgres->start(); !ok) return ok;
  }
  const std::string conninfo = postgres ? postgres->conninfo() : options.database_url;
  ClusterLog cluster_log(lines, authority.cluster);
  io::ThrottledLog log(cluster_log, io::mono_now);
  warn_of_unnamed(served, RAP_TRY(state.hosts()), options, log);
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
