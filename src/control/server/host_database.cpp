#include "control/server/host_database.hpp"

#include <optional>

#include "base/try.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {

Result<void> on_host_database(const std::string& state_directory, const std::string& database_url,
                              const std::function<Result<void>(const HostDatabase&)>& work) {
  const StateDirectory state{std::filesystem::absolute(state_directory)};
  const auto authority = RAP_TRY(state.load_authority());
  if (!database_url.empty()) return work({database_url, authority});
  auto postgres = state.postgres();
  const auto no_server = io::FileLock::try_lock(state.lock_file());
  if (no_server) {
    if (auto ok = postgres.start(); !ok) return ok;
  }
  const std::string conninfo = postgres.conninfo();
  auto done = work({conninfo, authority});
  if (no_server) {
    if (auto stopped = postgres.stop(); !stopped && done) return stopped;
  }
  return done;
}

}  // namespace rap::control::server
