// How PostgreSQL's own programs (pg_dump, pg_restore) sign in where a Connection would: a conninfo
// that may stand in a command line, which everybody on the host can read, and what may not.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace rap::store {

struct ClientSignIn {
  std::string conninfo;                  // without secrets, of this user
  std::vector<std::string> environment;  // "PGPASSWORD=…"
};

// The error is a sentence. `conninfo` and `user` as for Connection::open.
std::expected<ClientSignIn, std::string> client_sign_in(const std::string& conninfo,
                                                        const std::string& user);

}  // namespace rap::store
