#include "control/keys/host_database.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
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
  if (!postgres.exists()) return std::unexpected(no_private_postgres(state_directory));
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

std::string no_private_postgres(const std::string& state_directory) {
  return "there is no private PostgreSQL in " + state_directory +
         "; run 'rap-control init', or name a server with --database-url, as 'rap-control serve' "
         "has it";
}

std::string host_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return host.data();
}

std::string host_actor(std::string_view command) {
  const passwd* us = getpwuid(getuid());
  return "rap-control " + std::string(command) + " by " +
         (us ? us->pw_name : std::to_string(getuid())) + " on " + host_name();
}

}  // namespace rap::control::server
