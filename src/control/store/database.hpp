// The control plane's Database on PostgreSQL. What each transaction may see is the row-level
// security of store/migrations, which store/row_level_security_test.cpp tries table by table.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/log/log.hpp"
#include "control/core/database.hpp"
#include "control/store/locked_standing.hpp"
#include "control/store/postgres/connection_pool.hpp"

namespace rap::store {

inline constexpr std::string_view kOwnerRole = "rap_owner";  // owns tables, runs migrations
inline constexpr std::string_view kAppRole = "rap_app";      // what the server works as

inline constexpr int kMaxAttempts = 5;  // of a transaction that loses races

class PostgresDatabase final : public control::Database {
 public:
  // `log` must outlive it. Opens no connection before the first transaction.
  PostgresDatabase(ConnectionPool::Options options, Log& log, LockedStanding::Clocks clocks = {});
  ~PostgresDatabase() override;

  std::expected<void, control::DatabaseFault> run(
      const control::Scope& scope,
      const std::function<control::Ending(control::Transaction&)>& work) override;

  // They do not count BEGIN and COMMIT.
  std::uint64_t statements() const { return statements_; }
  // Transactions that it would not make: it is read-only, or its disk is full or fails.
  std::uint64_t changes_refused() const { return changes_refused_; }
  // Whether it is away, and was. One that takes no changes is not away.
  LockedStanding& standing() { return standing_; }

 private:
  std::expected<void, SqlError> run_probing(
      const control::Scope& scope,
      const std::function<control::Ending(control::Transaction&)>& work);
  std::expected<void, SqlError> attempt(
      const control::Scope& scope,
      const std::function<control::Ending(control::Transaction&)>& work);
  std::expected<void, SqlError> attempt_on(
      Connection& connection, const control::Scope& scope,
      const std::function<control::Ending(control::Transaction&)>& work);

  ConnectionPool pool_;
  Log& log_;
  // While the database is away one caller at a time finds out whether it is back; the others are
  // told at once, so that they do not tie up every thread.
  std::atomic<bool> away_{false};
  std::atomic<std::uint64_t> reached_{0};  // how often; tells a failure from one overtaken since
  std::mutex probing_;
  LockedStanding standing_;
  std::atomic<std::uint64_t> statements_{0};
  std::atomic<std::uint64_t> changes_refused_{0};
};

}  // namespace rap::store
