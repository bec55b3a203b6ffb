// The numbered changes of the delta channel in SQL.
#pragma once

#include "control/link/pulls/security_changes.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlSecurityChanges final : public control::SecurityChangeRepository {
 public:
  explicit SqlSecurityChanges(SqlSession& sql) : sql_(sql) {}

  std::vector<snapshot::EpochChange> epochs(std::uint64_t since, std::size_t limit) override;
  std::vector<snapshot::BlocklistChange> blocklist(std::uint64_t since, std::size_t limit) override;
  control::DeltaExtent extent(snapshot::DeltaStream stream) override;
  void forget_old(WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
