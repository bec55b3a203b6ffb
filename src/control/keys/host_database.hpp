// The platform's database as commands on the control plane's host reach it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "control/keys/state_directory.hpp"
#include "control/pki/authority.hpp"

namespace rap::control::server {

struct HostDatabase {
  const std::string& conninfo;
  const control::Authority& authority;
};

// Runs `work` while the database is there. The private PostgreSQL (an empty `database_url`) is
// started for it when no server runs, and stopped afterwards.
Result<void> on_host_database(const std::string& state_directory, const std::string& database_url,
                              const std::function<Result<void>(const HostDatabase&)>& work);

// What is said where the private PostgreSQL is meant and there is none.
std::string no_private_postgres(const std::string& state_directory);

// Who acts in the audit log when a command on the host does: "rap-control unlock by root on
// control-1".
std::string host_actor(std::string_view command);
std::string host_name();

}  // namespace rap::control::server
