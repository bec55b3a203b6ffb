#include "control/store/sql/access/egress_pools.hpp"

#include "control/core/listing.hpp"
#include "policy/roles.hpp"

namespace rap::store {
namespace {

using control::EgressPool;

EgressPool pool_of(const Row& row) {
  return {row.id<EgressPoolId>(0),
          row.id<ClusterId>(4),
          row.id<OrganizationId>(1),
          row.text(2),
          row.time(3),
          {},
          row.boolean(5)};
}

constexpr std::string_view kSelectPool =
    "SELECT id, organization_id, name, created_at, cluster_id, disabled_at IS NOT NULL "
    "FROM egress_pools "
    "WHERE organization_id = $1 ";

}  // namespace

bool SqlEgressPools::create(const EgressPool& pool) {
  return sql_.query(
                 "INSERT INTO egress_pools (cluster_id, organization_id, id, name, created_at) "
                 "VALUES ($1, $2, $3, $4, $5) "
                 "ON CONFLICT (organization_id, lower(name)) DO NOTHING",
                 pool.cluster, pool.organization, pool.id, pool.name, pool.created_at)
             .affected() == 1;
}

std::optional<EgressPool> SqlEgressPools::find(OrganizationId organization, std::string_view key) {
  const auto id = EgressPoolId::parse(key);
  const std::string select(kSelectPool);
  const Rows rows = id ? sql_.query(select + "AND id = $2", organization, *id)
                       : sql_.query(select + "AND lower(name) = lower($2)", organization, key);
  return rows.empty() ? std::nullopt : std::optional(pool_of(rows[0]));
}

bool SqlEgressPools::exists(EgressPoolId pool) {
  return !sql_.query("SELECT FROM egress_pools WHERE id = $1", pool).empty();
}

std::vector<EgressPool> SqlEgressPools::list(OrganizationId organization) {
  std::vector<EgressPool> pools;
  for (const Row& row : sql_.query(std::string(kSelectPool) + "ORDER BY lower(name) LIMIT $2",
                                   organization, control::kMaxListed)) {
    pools.push_back(pool_of(row));
  }
  return pools;
}

std::vector<control::ServingNode> SqlEgressPools::serving(OrganizationId organization) {
  std::vector<control::ServingNode> nodes;
  for (const Row& row : sql_.query(
           "SELECT pn.pool_id, n.id, n.name, n.organization_id FROM egress_pool_nodes pn "
           "JOIN nodes n ON n.id = pn.node_id WHERE pn.organization_id = $1 ORDER BY lower(n.name)",
           organization)) {
    nodes.push_back({row.id<EgressPoolId>(0),
                     {row.id<NodeId>(1), row.text(2)},
                     row.maybe_id<OrganizationId>(3)});
  }
  return nodes;
}

std::size_t SqlEgressPools::count(OrganizationId organization) {
  return sql_.query("SELECT count(*) FROM egress_pools WHERE organization_id = $1", organization)[0]
      .count(0);
}

std::size_t SqlEgressPools::count_memberships() {
  return sql_.query("SELECT count(*) FROM egress_pool_nodes")[0].count(0);
}

std::size_t SqlEgressPools::count_nodes(EgressPoolId pool) {
  const Rows rows = sql_.query("SELECT count(*) FROM egress_pool_nodes WHERE pool_id = $1", pool);
  return rows.empty() ? 0 : static_cast<std::size_t>(rows[0].count(0));
}

bool SqlEgressPools::add_node(const EgressPool& pool, NodeId node) {
  return sql_.query(
                 "INSERT INTO egress_pool_nodes (cluster_id, organization_id, pool_id, node_id) "
                 "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                 pool.cluster, pool.organization, pool.id, node)
             .affected() == 1;
}

bool SqlEgressPools::remove_node(const EgressPool& pool, NodeId node) {
  return sql_.query("DELETE FROM egress_pool_nodes WHERE pool_id = $1 AND node_id = $2", pool.id,
                    node)
             .affected() == 1;
}

void SqlEgressPools::rename(const EgressPool& pool, std::string_view name) {
  sql_.query("UPDATE egress_pools SET name = $3 WHERE organization_id = $1 AND id = $2",
             pool.organization, pool.id, name);
}

void SqlEgressPools::disable(const EgressPool& pool, WallTime now) {
  sql_.query("UPDATE egress_pools SET disabled_at = $3 WHERE organization_id = $1 AND id = $2",
             pool.organization, pool.id, now);
  // Sessions that are being made are waited for, as with a resource (SqlGrants::lock).
  sql_.query(
      "SELECT FROM resource_grants g WHERE EXISTS (SELECT FROM resources r WHERE "
      "r.id = g.resource_id AND r.egress_pool_id = $1) FOR UPDATE OF g",
      pool.id);
}

void SqlEgressPools::enable(const EgressPool& pool) {
  sql_.query("UPDATE egress_pools SET disabled_at = NULL WHERE organization_id = $1 AND id = $2",
             pool.organization, pool.id);
}

void SqlEgressPools::remove(const EgressPool& pool) {
  sql_.query("DELETE FROM egress_pool_nodes WHERE pool_id = $1", pool.id);
  sql_.query("DELETE FROM egress_pools WHERE organization_id = $1 AND id = $2", pool.organization,
             pool.id);
}

std::vector<control::FlowEgress> SqlEgressPools::egresses(EgressPoolId pool) {
  std::vector<control::FlowEgress> out;
  for (const Row& row : sql_.query(
           "SELECT n.id, n.seal_key FROM egress_pool_nodes pn JOIN nodes n ON n.id = pn.node_id "
           "JOIN node_roles r ON r.node_id = n.id AND r.role = $2 "
           "WHERE pn.pool_id = $1 AND n.state = 'approved' AND NOT n.draining "
           "AND n.seal_key IS NOT NULL ORDER BY n.id",
           pool, to_string(policy::NodeRole::egress))) {
    out.push_back({row.id<NodeId>(0), row.bytes32(1)});
  }
  return out;
}

}  // namespace rap::store
