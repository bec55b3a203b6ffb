// Auth epochs in SQL.
#pragma once

#include "control/people/auth_epoch.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlAuthEpochs final : public control::AuthEpochRepository {
 public:
  explicit SqlAuthEpochs(SqlSession& sql) : sql_(sql) {}

  std::uint64_t of(UserId user) override;
  std::uint64_t bump(UserId user, WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
