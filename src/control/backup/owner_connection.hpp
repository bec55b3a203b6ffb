// A connection to the database as the role that owns its tables.
#pragma once

#include <string>

#include "control/keys/state_directory.hpp"
#include "control/store/postgres/connection.hpp"

namespace rap::control::server {

Result<store::Connection> open_as_owner(const std::string& conninfo);

}  // namespace rap::control::server
