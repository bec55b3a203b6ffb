// A PostgreSQL of our own, so that one machine needs nothing set up beforehand: a cluster in the
// state directory that listens on a Unix socket only.
//
//   <data>/    the cluster, mode 0700         <sockets>/.s.PGSQL.5432   the only way in
//
// PostgreSQL refuses to run as root, so root runs it as the system's user `postgres`. Whoever may
// sign in is decided by the operating system (peer authentication): the user that runs rap-control
// becomes rap_owner or rap_app, nobody else gets in.
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <string>

namespace rap::store {

class PrivatePostgres {
 public:
  struct Options {
    std::filesystem::path data;
    std::filesystem::path sockets;
    std::filesystem::path log_file;
    bool durable = true;  // false: no fsync, for tests
    std::filesystem::path programs = "/usr/lib/postgresql";  // a folder of each version's
  };
  explicit PrivatePostgres(Options options) : options_(std::move(options)) {}

  using Done = std::expected<void, std::string>;  // the error is a sentence

  bool exists() const;  // was create() ever finished
  Done create();        // initdb, then the roles and the database
  Done start();         // returns once it answers; fine when it runs already
  Done stop();          // open transactions are rolled back
  bool running() const;

  // What libpq connects with; it names no user.
  std::string conninfo() const;

 private:
  Done prepare_directories() const;
  Done write_access_rules() const;
  Done create_roles() const;
  Done control(const char* action) const;
  std::expected<std::filesystem::path, std::string> binaries() const;
  void forget_dead_server() const;

  Options options_;
};

}  // namespace rap::store
