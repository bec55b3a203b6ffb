// Egress pools, resources and grants.
#include "control/store/sql/repositories.hpp"

namespace rap::store {
namespace {

using control::EgressPool;
using control::Resource;

constexpr std::string_view kSelectResource =
    "SELECT r.id, r.organization_id, r.name, r.protocol, r.host, r.port, r.egress_pool_id, p.name, "
    "r.ssh_host_key, r.created_at FROM resources r "
    "LEFT JOIN egress_pools p ON p.id = r.egress_pool_id ";

Resource resource_of(const Row& row) {
  Resource r;
  r.id = row.id<ResourceId>(0);
  r.organization = row.id<OrganizationId>(1);
  r.name = row.text(2);
  r.protocol = row.text(3);
  r.host = row.text(4);
  r.port = static_cast<std::uint16_t>(row.integer(5));
  r.egress_pool = row.id<EgressPoolId>(6);
  r.egress_pool_name = row.text(7);
  r.ssh_host_key = row.maybe_text(8);
  r.created_at = row.time(9);
  return r;
}

std::vector<Resource> resources_of(const Rows& rows) {
  std::vector<Resource> out;
  for (const Row& row : rows) out.push_back(resource_of(row));
  return out;
}

std::string select_resource(std::string_view rest) {
  return std::string(kSelectResource) + std::string(rest);
}

EgressPool pool_of(const Row& row) {
  return {row.id<EgressPoolId>(0), row.id<OrganizationId>(1), row.text(2), row.time(3), {}};
}

constexpr std::string_view kSelectPool =
    "SELECT id, organization_id, name, created_at FROM egress_pools WHERE organization_id = $1 ";

}  // namespace

bool SqlResources::create_pool(const EgressPool& pool) {
  return sql_.query(
                 "INSERT INTO egress_pools (organization_id, id, name, created_at) "
                 "VALUES ($1, $2, $3, $4) ON CONFLICT (organization_id, lower(name)) DO NOTHING",
                 pool.organization, pool.id, pool.name, pool.created_at)
             .affected() == 1;
}

std::optional<EgressPool> SqlResources::find_pool(OrganizationId organization,
                                                  std::string_view key) {
  const auto id = EgressPoolId::parse(key);
  const std::string select(kSelectPool);
  const Rows rows = id ? sql_.query(select + "AND id = $2", organization, *id)
                       : sql_.query(select + "AND lower(name) = lower($2)", organization, key);
  return rows.empty() ? std::nullopt : std::optional(pool_of(rows[0]));
}

std::vector<EgressPool> SqlResources::list_pools(OrganizationId organization) {
  std::vector<EgressPool> pools;
  for (const Row& row : sql_.query(std::string(kSelectPool) + "ORDER BY lower(name) LIMIT $2",
                                   organization, control::kMaxListed)) {
    pools.push_back(pool_of(row));
  }
  // No row of this is visible but under the platform's scope.
  for (const Row& row :
       sql_.query("SELECT pn.pool_id, n.id, n.name FROM egress_pool_nodes pn "
                  "JOIN nodes n ON n.id = pn.node_id WHERE pn.organization_id = $1 ORDER BY n.name",
                  organization)) {
    for (EgressPool& pool : pools) {
      if (pool.id == row.id<EgressPoolId>(0)) {
        pool.nodes.push_back({row.id<NodeId>(1), row.text(2)});
      }
    }
  }
  return pools;
}

bool SqlResources::add_pool_node(const EgressPool& pool, NodeId node) {
  return sql_.query(
                 "INSERT INTO egress_pool_nodes (organization_id, pool_id, node_id) "
                 "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                 pool.organization, pool.id, node)
             .affected() == 1;
}

bool SqlResources::pool_has_egress(EgressPoolId pool) {
  return !sql_.query(
                  "SELECT FROM egress_pool_nodes pn JOIN nodes n ON n.id = pn.node_id "
                  "JOIN node_roles r ON r.node_id = n.id AND r.role = 'egress' "
                  "WHERE pn.pool_id = $1 AND n.state = 'approved' AND NOT n.draining LIMIT 1",
                  pool)
              .empty();
}

bool SqlResources::create(const Resource& resource) {
  return sql_.query(
                 "INSERT INTO resources (organization_id, id, name, protocol, host, port, "
                 "egress_pool_id, ssh_host_key, created_at) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
                 "ON CONFLICT (organization_id, lower(name)) DO NOTHING",
                 resource.organization, resource.id, resource.name, resource.protocol,
                 resource.host, resource.port, resource.egress_pool, resource.ssh_host_key,
                 resource.created_at)
             .affected() == 1;
}

std::optional<Resource> SqlResources::find(OrganizationId organization, std::string_view key) {
  const auto id = ResourceId::parse(key);
  const Rows rows =
      id ? sql_.query(select_resource("WHERE r.organization_id = $1 AND r.id = $2"), organization,
                      *id)
         : sql_.query(select_resource("WHERE r.organization_id = $1 AND lower(r.name) = lower($2)"),
                      organization, key);
  return rows.empty() ? std::nullopt : std::optional(resource_of(rows[0]));
}

std::vector<Resource> SqlResources::list(OrganizationId organization) {
  return resources_of(
      sql_.query(select_resource("WHERE r.organization_id = $1 ORDER BY lower(r.name) LIMIT $2"),
                 organization, control::kMaxListed));
}

std::vector<Resource> SqlResources::list_granted(OrganizationId organization, UserId user) {
  return resources_of(sql_.query(
      select_resource("JOIN resource_grants g ON g.resource_id = r.id AND g.user_id = $2 "
                      "WHERE r.organization_id = $1 ORDER BY lower(r.name) LIMIT $3"),
      organization, user, control::kMaxListed));
}

std::vector<Resource> SqlResources::find_granted(UserId user, std::string_view key) {
  const auto id = ResourceId::parse(key);
  const std::string granted =
      select_resource("JOIN resource_grants g ON g.resource_id = r.id AND g.user_id = $1 ");
  return resources_of(id ? sql_.query(granted + "WHERE r.id = $2", user, *id)
                         : sql_.query(granted + "WHERE lower(r.name) = lower($2) LIMIT $3", user,
                                      key, control::kMaxListed));
}

void SqlResources::remove(const Resource& resource) {
  sql_.query("DELETE FROM resources WHERE organization_id = $1 AND id = $2", resource.organization,
             resource.id);
}

bool SqlResources::is_granted(ResourceId resource, UserId user) {
  return !sql_.query(
                  "SELECT FROM resource_grants WHERE resource_id = $1 AND user_id = $2 "
                  "FOR SHARE",
                  resource, user)
              .empty();
}

bool SqlResources::add_grant(const Resource& resource, UserId user, WallTime now) {
  return sql_.query(
                 "INSERT INTO resource_grants (organization_id, resource_id, user_id, created_at) "
                 "VALUES ($1, $2, $3, $4) ON CONFLICT (resource_id, user_id) DO NOTHING",
                 resource.organization, resource.id, user, now)
             .affected() == 1;
}

bool SqlResources::remove_grant(const Resource& resource, UserId user) {
  return sql_.query("DELETE FROM resource_grants WHERE resource_id = $1 AND user_id = $2",
                    resource.id, user)
             .affected() == 1;
}

std::vector<control::Grant> SqlResources::grants(const Resource& resource) {
  std::vector<control::Grant> out;
  for (const Row& row : sql_.query("SELECT u.id, u.email, g.created_at FROM resource_grants g "
                                   "JOIN users u ON u.id = g.user_id WHERE g.resource_id = $1 "
                                   "ORDER BY u.email LIMIT $2",
                                   resource.id, control::kMaxListed)) {
    out.push_back({row.id<UserId>(0), row.text(1), row.time(2)});
  }
  return out;
}

}  // namespace rap::store
