// A bounded pool of connections for the server's worker threads. A broken connection is replaced on
// its next use, so the server recovers by itself when PostgreSQL comes back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <expected>
#include <mutex>
#include <string>
#include <vector>

#include "store/connection.hpp"

namespace rap::store {

class Pool {
 public:
  struct Options {
    std::string conninfo;
    std::string user;
    std::size_t max_connections = 12;
    std::chrono::milliseconds wait{2000};  // for a free connection; then the database is "away"
  };

  explicit Pool(Options options) : options_(std::move(options)) {}

  // A connection on loan; it goes back when destroyed.
  class Lease {
   public:
    Lease(Pool& pool, Connection connection) : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& o) noexcept : pool_(o.pool_), connection_(std::move(o.connection_)) {
      o.pool_ = nullptr;
    }
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Connection& operator*() { return connection_; }
    Connection* operator->() { return &connection_; }

   private:
    Pool* pool_;
    Connection connection_;
  };
  std::expected<Lease, SqlError> take();
  // Closes what is idle: after a fault, the other connections are most likely as dead.
  void drop_idle();

 private:
  void give_back(Connection connection);

  Options options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Connection> idle_;
  std::size_t lent_ = 0;
};

}  // namespace rap::store
