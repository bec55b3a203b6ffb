// Nodes in SQL.
#pragma once

#include "control/nodes/node.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlNodes final : public control::NodeRepository {
 public:
  explicit SqlNodes(SqlSession& sql) : sql_(sql) {}

  bool create(const control::Node& node) override;
  std::optional<control::Node> find(std::string_view key) override;
  std::vector<control::Node> list() override;
  std::vector<control::Node> list_of(OrganizationId organization) override;
  std::vector<control::Node> entries() override;
  void set_state(NodeId node, control::NodeState state, WallTime now) override;
  void set_disabled_by(NodeId node, control::DisabledBy by) override;
  void set_organization(NodeId node, std::optional<OrganizationId> organization) override;
  std::vector<control::ServedPool> pools_of(NodeId node) override;
  std::vector<std::string> addresses_of_others(std::optional<OrganizationId> owner) override;
  void rename(NodeId node, std::string_view name) override;
  bool is_named_in_ranges(std::string_view name) override;
  void remove(NodeId node, WallTime now) override;
  void set_roles(NodeId node, const std::vector<policy::NodeRole>& roles) override;
  std::vector<std::string> name_policies(ClusterId cluster) override;
  void set_draining(NodeId node, bool draining, std::optional<WallTime> deadline) override;
  control::RouteEpochs require_current_routes() override;
  std::vector<control::StateCount> count_by_state() override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
