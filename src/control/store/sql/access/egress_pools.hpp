// Egress pools in SQL.
#pragma once

#include "control/access/egress_pool.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlEgressPools final : public control::EgressPoolRepository {
 public:
  explicit SqlEgressPools(SqlSession& sql) : sql_(sql) {}

  bool create(const control::EgressPool& pool) override;
  std::optional<control::EgressPool> find(OrganizationId organization,
                                          std::string_view key) override;
  bool exists(EgressPoolId pool) override;
  std::vector<control::EgressPool> list(OrganizationId organization) override;
  std::vector<control::ServingNode> serving(OrganizationId organization) override;
  std::size_t count(OrganizationId organization) override;
  std::size_t count_nodes(EgressPoolId pool) override;
  std::size_t count_memberships() override;
  bool add_node(const control::EgressPool& pool, NodeId node) override;
  bool remove_node(const control::EgressPool& pool, NodeId node) override;
  void rename(const control::EgressPool& pool, std::string_view name) override;
  void disable(const control::EgressPool& pool, WallTime now) override;
  void enable(const control::EgressPool& pool) override;
  void remove(const control::EgressPool& pool) override;
  std::vector<control::FlowEgress> egresses(EgressPoolId pool) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
