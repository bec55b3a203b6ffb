// The cluster in SQL.
#pragma once

#include "control/core/cluster.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlCluster final : public control::ClusterRepository {
 public:
  explicit SqlCluster(SqlSession& sql) : sql_(sql) {}

  void create(ClusterId cluster, WallTime now) override;
  ClusterId first() override;
  std::uint64_t config_version() override;
  std::optional<std::uint64_t> admissions() override;
  std::optional<control::History> history() override;
  std::optional<control::History> lock_history() override;
  void begin_history(std::uint64_t known, WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
