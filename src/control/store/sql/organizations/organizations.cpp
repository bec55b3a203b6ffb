#include "control/store/sql/organizations/organizations.hpp"

#include "control/core/listing.hpp"
#include "control/store/postgres/rows_read.hpp"
#include "control/store/sql/organizations/role_column.hpp"

namespace rap::store {
namespace {

using control::Member;
using control::Membership;
using control::Organization;

// Ends in a condition; those that are removed are none any more.
constexpr std::string_view kSelectOrganization =
    "SELECT id, name, created_at, disabled_at IS NOT NULL FROM organizations "
    "WHERE removed_at IS NULL ";

constexpr std::string_view kMemberColumns =
    "SELECT u.id, u.email, m.role, m.created_at, m.disabled_at IS NOT NULL FROM memberships m "
    "JOIN users u ON u.id = m.user_id ";

Member member_of(const Row& row) {
  return {row.id<UserId>(0), row.text(1), organization_role(row, 2), row.time(3), row.boolean(4)};
}

Organization organization_of(const Row& row) {
  return {row.id<OrganizationId>(0), row.text(1), row.time(2), row.boolean(3)};
}

}  // namespace

bool SqlOrganizations::create(const Organization& organization) {
  return sql_.query(
                 "INSERT INTO organizations (id, name, created_at) VALUES ($1, $2, $3) "
                 "ON CONFLICT (lower(name)) WHERE removed_at IS NULL DO NOTHING",
                 organization.id, organization.name, organization.created_at)
             .affected() == 1;
}

void SqlOrganizations::add_cluster(OrganizationId organization, ClusterId cluster, WallTime now) {
  sql_.query(
      "INSERT INTO cluster_organizations (cluster_id, organization_id, created_at) "
      "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      cluster, organization, now);
}

std::optional<Organization> SqlOrganizations::find(std::string_view key) {
  const auto id = OrganizationId::parse(key);
  return first_of(
      id ? sql_.query(std::string(kSelectOrganization) + "AND id = $1", *id)
         : sql_.query(std::string(kSelectOrganization) + "AND lower(name) = lower($1)", key),
      organization_of);
}

void SqlOrganizations::rename(OrganizationId organization, std::string_view name) {
  sql_.query("UPDATE organizations SET name = $2 WHERE id = $1", organization, name);
}

void SqlOrganizations::disable(OrganizationId organization, WallTime now) {
  sql_.query("UPDATE organizations SET disabled_at = $2 WHERE id = $1", organization, now);
  // A session is made under a lock on its grant: those that are being made are waited for here,
  // those that come after see that the organization is disabled (SqlGrants::lock).
  sql_.query("SELECT FROM resource_grants WHERE organization_id = $1 FOR UPDATE", organization);
}

void SqlOrganizations::enable(OrganizationId organization) {
  sql_.query("UPDATE organizations SET disabled_at = NULL WHERE id = $1", organization);
}

control::OrganizationUse SqlOrganizations::use(OrganizationId organization) {
  const Rows rows = sql_.query(
      "SELECT (SELECT count(*) FROM resources WHERE organization_id = $1), "
      "(SELECT count(*) FROM egress_pools WHERE organization_id = $1), "
      "(SELECT count(*) FROM nodes WHERE organization_id = $1 "
      "AND state NOT IN ('denied', 'revoked'))",
      organization);
  if (rows.empty()) return {};
  return {static_cast<std::size_t>(rows[0].count(0)), static_cast<std::size_t>(rows[0].count(1)),
          static_cast<std::size_t>(rows[0].count(2))};
}

void SqlOrganizations::remove(OrganizationId organization, WallTime now) {
  sql_.query(
      "UPDATE organizations SET removed_at = $2, disabled_at = coalesce(disabled_at, $2) "
      "WHERE id = $1",
      organization, now);
  sql_.query("DELETE FROM memberships WHERE organization_id = $1", organization);
  sql_.query("DELETE FROM delegations WHERE organization_id = $1", organization);
  sql_.query("DELETE FROM invitations WHERE organization_id = $1", organization);
  sql_.query("DELETE FROM config_documents WHERE organization_id = $1", organization);
  sql_.query("DELETE FROM cluster_organizations WHERE organization_id = $1", organization);
}

std::vector<Organization> SqlOrganizations::list() {
  return all_of(sql_.query(std::string(kSelectOrganization) + "ORDER BY lower(name) LIMIT $1",
                           control::kMaxListed),
                organization_of);
}

policy::OrganizationRole SqlOrganizations::role_of(OrganizationId organization, UserId user) {
  const Rows rows = sql_.query(
      "SELECT role FROM memberships WHERE organization_id = $1 AND user_id = $2 "
      "AND disabled_at IS NULL",
      organization, user);
  return rows.empty() ? policy::OrganizationRole::none : organization_role(rows[0], 0);
}

std::vector<Membership> SqlOrganizations::memberships(UserId user) {
  std::vector<Membership> out;
  for (const Row& row : sql_.query("SELECT o.id, o.name, o.created_at, "
                                   "o.disabled_at IS NOT NULL, m.role, m.disabled_at IS NOT NULL "
                                   "FROM memberships m "
                                   "JOIN organizations o ON o.id = m.organization_id "
                                   "WHERE m.user_id = $1 ORDER BY lower(o.name) LIMIT $2",
                                   user, control::kMaxListed)) {
    out.push_back({organization_of(row), organization_role(row, 4), row.boolean(5)});
  }
  return out;
}

std::vector<Member> SqlOrganizations::members(OrganizationId organization) {
  return all_of(sql_.query(std::string(kMemberColumns) +
                               "WHERE m.organization_id = $1 ORDER BY u.email LIMIT $2",
                           organization, control::kMaxListed),
                member_of);
}

std::optional<Member> SqlOrganizations::member(OrganizationId organization,
                                               std::string_view email) {
  return first_of(sql_.query(std::string(kMemberColumns) +
                                 "WHERE m.organization_id = $1 AND u.email = lower($2)",
                             organization, email),
                  member_of);
}

void SqlOrganizations::put_member(OrganizationId organization, UserId user,
                                  policy::OrganizationRole role, WallTime now) {
  sql_.query(
      "INSERT INTO memberships (organization_id, user_id, role, created_at) "
      "VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (organization_id, user_id) DO UPDATE SET role = EXCLUDED.role",
      organization, user, to_string(role), now);
}

void SqlOrganizations::disable_member(OrganizationId organization, UserId user, WallTime now) {
  sql_.query("UPDATE memberships SET disabled_at = $3 WHERE organization_id = $1 AND user_id = $2",
             organization, user, now);
  // Sessions that are being made are waited for, as above.
  sql_.query("SELECT FROM resource_grants WHERE organization_id = $1 AND user_id = $2 FOR UPDATE",
             organization, user);
}

void SqlOrganizations::enable_member(OrganizationId organization, UserId user) {
  sql_.query(
      "UPDATE memberships SET disabled_at = NULL WHERE organization_id = $1 AND user_id = $2",
      organization, user);
}

void SqlOrganizations::remove_member(OrganizationId organization, UserId user) {
  sql_.query("DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2", organization,
             user);
}

}  // namespace rap::store
