// A bounded pool of connections for the server's threads. A broken connection is replaced on
// its next use, so the server recovers by itself when PostgreSQL comes back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "control/store/postgres/connection.hpp"

namespace rap::store {

class ConnectionPool {
 public:
  struct Options {
    std::string conninfo;
    std::string user;
    std::size_t max_connections = 12;
    std::chrono::milliseconds wait{2000};  // for a free connection; then the database is "away"
  };

  explicit ConnectionPool(Options options) : options_(std::move(options)) {}

  // A connection on loan; it goes back when destroyed.
  class Loan {
   public:
    Loan(ConnectionPool& pool, Connection connection, std::uint64_t generation)
        : pool_(&pool), connection_(std::move(connection)), generation_(generation) {}
    Loan(Loan&& o) noexcept
        : pool_(std::exchange(o.pool_, nullptr)),
          connection_(std::move(o.connection_)),
          generation_(o.generation_) {}
    Loan& operator=(Loan&&) = delete;
    ~Loan();
    Connection& operator*() { return connection_; }
    Connection* operator->() { return &connection_; }

   private:
    ConnectionPool* pool_;
    Connection connection_;
    std::uint64_t generation_;
  };
  std::expected<Loan, SqlError> take();
  // After a fault every connection of before is most likely as dead: closes what is idle now, and
  // what is lent when it comes back.
  void renew();

 private:
  void give_back(Connection connection, std::uint64_t generation);

  Options options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Connection> idle_;
  std::size_t lent_ = 0;
  std::uint64_t generation_ = 0;  // of the connections that may still be good
};

}  // namespace rap::store
