#include "control/store/sql/access/grants.hpp"

#include "control/core/listing.hpp"
#include "control/store/postgres/rows_read.hpp"

namespace rap::store {
namespace {

constexpr std::string_view kSelectGrant =
    "SELECT u.id, u.email, g.created_at, g.disabled_at IS NOT NULL FROM resource_grants g "
    "JOIN users u ON u.id = g.user_id WHERE g.resource_id = $1 ";

control::Grant grant_of(const Row& row) {
  return {row.id<UserId>(0), row.text(1), row.time(2), row.boolean(3)};
}

}  // namespace

bool SqlGrants::lock(ResourceId resource, UserId user) {
  const Rows rows =
      sql_.query("SELECT FROM resource_grants WHERE resource_id = $1 AND user_id = $2 FOR SHARE",
                 resource, user);
  // A statement of its own sees what was committed while the lock was waited for.
  return !rows.empty() &&
         !sql_.query(
                  "SELECT FROM resource_grants g "
                  "JOIN organizations o ON o.id = g.organization_id "
                  "JOIN memberships m ON m.organization_id = o.id AND m.user_id = g.user_id "
                  "JOIN resources r ON r.id = g.resource_id "
                  "JOIN egress_pools p ON p.id = r.egress_pool_id "
                  "WHERE g.resource_id = $1 AND g.user_id = $2 AND g.disabled_at IS NULL "
                  "AND o.disabled_at IS NULL AND m.disabled_at IS NULL "
                  "AND r.disabled_at IS NULL AND p.disabled_at IS NULL",
                  resource, user)
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

std::optional<control::Grant> SqlGrants::find(const control::Resource& resource, UserId user) {
  return first_of(sql_.query(std::string(kSelectGrant) + "AND g.user_id = $2", resource.id, user),
                  grant_of);
}

// Sessions that are being made are waited for: they are made under a lock on this row.
void SqlGrants::disable(const control::Resource& resource, UserId user, WallTime now) {
  sql_.query("UPDATE resource_grants SET disabled_at = $3 WHERE resource_id = $1 AND user_id = $2",
             resource.id, user, now);
}

void SqlGrants::enable(const control::Resource& resource, UserId user) {
  sql_.query(
      "UPDATE resource_grants SET disabled_at = NULL WHERE resource_id = $1 AND user_id = $2",
      resource.id, user);
}

std::vector<control::Grant> SqlGrants::list(const control::Resource& resource) {
  return all_of(sql_.query(std::string(kSelectGrant) + "ORDER BY u.email LIMIT $2", resource.id,
                           control::kMaxListed),
                grant_of);
}

}  // namespace rap::store
