#include "control/store/sql/access/grants.hpp"

#include "control/core/listing.hpp"

namespace rap::store {

bool SqlGrants::lock(ResourceId resource, UserId user) {
  const Rows rows = sql_.query(
      "SELECT organization_id FROM resource_grants WHERE resource_id = $1 AND user_id = $2 "
      "FOR SHARE",
      resource, user);
  // A statement of its own sees what was committed while the lock was waited for.
  return !rows.empty() &&
         !sql_.query(
                  "SELECT FROM organizations o JOIN resources r ON r.organization_id = o.id "
                  "WHERE o.id = $1 AND o.disabled_at IS NULL "
                  "AND r.id = $2 AND r.disabled_at IS NULL",
                  rows[0].id<OrganizationId>(0), resource)
              .empty();
}

bool SqlGrants::add(const control::Resource& resource, UserId user, WallTime now) {
  return sql_.query(
                 "INSERT INTO resource_grants (cluster_id, organization_id, resource_id, user_id, "
                 "created_at) VALUES ($1, $2, $3, $4, $5) "
                 "ON CONFLICT (resource_id, user_id) DO NOTHING",
                 resource.cluster, resource.organization, resource.id, user, now)
             .affected() == 1;
}

bool SqlGrants::remove(const control::Resource& resource, UserId user) {
  return sql_.query("DELETE FROM resource_grants WHERE resource_id = $1 AND user_id = $2",
                    resource.id, user)
             .affected() == 1;
}

std::vector<control::Grant> SqlGrants::list(const control::Resource& resource) {
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
