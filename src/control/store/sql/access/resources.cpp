#include "control/store/sql/access/resources.hpp"

#include "control/core/listing.hpp"
#include "snapshot/values/target_ranges.hpp"

namespace rap::store {
namespace {

using control::Resource;

constexpr std::string_view kSelectResource =
    "SELECT r.id, r.organization_id, r.name, r.protocol, r.host, r.port, r.egress_pool_id, p.name, "
    "r.ssh_host_key, r.created_at, r.cluster_id, o.name, r.disabled_at IS NOT NULL, "
    "p.disabled_at IS NOT NULL FROM resources r "
    "JOIN organizations o ON o.id = r.organization_id LEFT JOIN egress_pools p ON p.id = "
    "r.egress_pool_id ";

// Those of a person that they may use: neither the grant, nor the membership, nor the organization
// is disabled.
constexpr std::string_view kGrantInForce =
    "JOIN resource_grants g ON g.resource_id = r.id AND g.user_id = $1 AND g.disabled_at IS NULL "
    "AND o.disabled_at IS NULL JOIN memberships m ON m.organization_id = r.organization_id AND "
    "m.user_id = g.user_id AND m.disabled_at IS NULL ";

Resource resource_of(const Row& row) {
  Resource r;
  r.id = row.id<ResourceId>(0);
  r.organization = row.id<OrganizationId>(1);
  r.name = row.text(2);
  r.protocol = policy::protocol_from(row.text(3)).value_or(policy::Protocol::tcp);
  r.host = row.text(4);
  r.port = static_cast<std::uint16_t>(row.integer(5));
  r.egress_pool = row.id<EgressPoolId>(6);
  r.egress_pool_name = row.text(7);
  r.ssh_host_key = row.maybe_text(8);
  r.created_at = row.time(9);
  r.cluster = row.id<ClusterId>(10);
  r.organization_name = row.text(11);
  r.disabled = row.boolean(12);
  r.pool_disabled = row.boolean(13);
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

}  // namespace

bool SqlResources::create(const Resource& resource) {
  return sql_.query(
                 "INSERT INTO resources (organization_id, id, name, protocol, host, port, "
                 "egress_pool_id, ssh_host_key, created_at, cluster_id) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
                 "ON CONFLICT (organization_id, lower(name)) DO NOTHING",
                 resource.organization, resource.id, resource.name, to_string(resource.protocol),
                 resource.host, resource.port, resource.egress_pool, resource.ssh_host_key,
                 resource.created_at, resource.cluster)
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
      select_resource(
          "JOIN resource_grants g ON g.resource_id = r.id AND g.user_id = $2 "
          "AND g.disabled_at IS NULL WHERE r.organization_id = $1 ORDER BY lower(r.name) LIMIT $3"),
      organization, user, control::kMaxListed));
}

std::vector<Resource> SqlResources::find_granted(UserId user, std::string_view key) {
  const auto id = ResourceId::parse(key);
  const std::string granted = select_resource(kGrantInForce);
  return resources_of(id ? sql_.query(granted + "WHERE r.id = $2", user, *id)
                         : sql_.query(granted + "WHERE lower(r.name) = lower($2) LIMIT $3", user,
                                      key, control::kMaxListed));
}

std::vector<Resource> SqlResources::all_granted(UserId user) {
  return resources_of(sql_.query(select_resource(std::string(kGrantInForce) +
                                                 "ORDER BY lower(r.name), lower(o.name) LIMIT $2"),
                                 user, control::kMaxListed));
}

void SqlResources::update(const Resource& resource) {
  sql_.query(
      "UPDATE resources SET name = $3, protocol = $4, host = $5, port = $6, egress_pool_id = $7, "
      "ssh_host_key = $8 WHERE organization_id = $1 AND id = $2",
      resource.organization, resource.id, resource.name, to_string(resource.protocol),
      resource.host, resource.port, resource.egress_pool, resource.ssh_host_key);
}

void SqlResources::disable(const Resource& resource, WallTime now) {
  sql_.query("UPDATE resources SET disabled_at = $3 WHERE organization_id = $1 AND id = $2",
             resource.organization, resource.id, now);
  // A session is made under a lock on its grant: those that are being made are waited for here,
  // those that come after see that the resource is disabled (SqlGrants::lock).
  sql_.query("SELECT FROM resource_grants WHERE resource_id = $1 FOR UPDATE", resource.id);
}

void SqlResources::enable(const Resource& resource) {
  sql_.query("UPDATE resources SET disabled_at = NULL WHERE organization_id = $1 AND id = $2",
             resource.organization, resource.id);
}

std::vector<std::string> SqlResources::names_behind(EgressPoolId pool) {
  std::vector<std::string> out;
  for (const Row& row : sql_.query("SELECT name FROM resources WHERE egress_pool_id = $1 "
                                   "ORDER BY lower(name) LIMIT $2",
                                   pool, control::kMaxListed)) {
    out.push_back(row.text(0));
  }
  return out;
}

void SqlResources::remove(const Resource& resource) {
  sql_.query("DELETE FROM resources WHERE organization_id = $1 AND id = $2", resource.organization,
             resource.id);
}

std::size_t SqlResources::count(OrganizationId organization) {
  return sql_.query("SELECT count(*) FROM resources WHERE organization_id = $1", organization)[0]
      .count(0);
}

std::size_t SqlResources::most_given_behind(EgressPoolId pool) {
  return sql_
      .query(
          "SELECT coalesce(max(given), 0) FROM (SELECT count(*) AS given FROM egress_pool_nodes m "
          "JOIN egress_pool_nodes s ON s.node_id = m.node_id "
          "JOIN resources r ON r.egress_pool_id = s.pool_id "
          "WHERE m.pool_id = $1 GROUP BY m.node_id) of_each",
          pool)[0]
      .count(0);
}

std::vector<std::string> SqlResources::target_ranges(ClusterId cluster) {
  std::vector<std::string> out;
  for (const Row& row :
       sql_.query("SELECT value FROM config_documents WHERE type = $1 AND (layer = 'platform' OR "
                  "(layer = 'cluster' AND cluster_id = $2)) "
                  "ORDER BY layer = 'cluster'",
                  snapshot::kEgressTargetRanges, cluster)) {
    out.push_back(row.text(0));
  }
  return out;
}

}  // namespace rap::store
