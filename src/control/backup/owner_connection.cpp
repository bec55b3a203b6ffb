#include "control/backup/owner_connection.hpp"

#include "control/store/database.hpp"

namespace rap::control::server {

Result<store::Connection> open_as_owner(const std::string& conninfo) {
  auto connection = store::Connection::open(conninfo, std::string(store::kOwnerRole));
  if (!connection) {
    return std::unexpected("cannot sign in to the database as rap_owner: " +
                           connection.error().message);
  }
  return std::move(*connection);
}

}  // namespace rap::control::server
