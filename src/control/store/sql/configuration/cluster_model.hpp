// Everything that configurations are made of, in SQL.
#pragma once

#include "control/configuration/cluster_models.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlClusterModel final : public control::ClusterModelRepository {
 public:
  explicit SqlClusterModel(SqlSession& sql) : sql_(sql) {}

  snapshot::ClusterModel load(WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
