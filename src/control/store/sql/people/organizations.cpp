#include "control/store/sql/people/organizations.hpp"

#include "control/core/listing.hpp"
#include "control/store/sql/rows_read.hpp"

namespace rap::store {
namespace {

using control::Member;
using control::Membership;
using control::Organization;

policy::OrganizationRole role_from(const std::string& text) {
  return policy::organization_role_from(text).value_or(policy::OrganizationRole::none);
}

constexpr std::string_view kMemberColumns =
    "SELECT u.id, u.email, m.role, m.created_at FROM memberships m JOIN users u ON u.id = "
    "m.user_id ";

Member member_of(const Row& row) {
  return {row.id<UserId>(0), row.text(1), role_from(row.text(2)), row.time(3)};
}

Organization organization_of(const Row& row) {
  return {row.id<OrganizationId>(0), row.text(1), row.time(2)};
}

}  // namespace

bool SqlOrganizations::create(const Organization& organization) {
  return sql_.query(
                 "INSERT INTO organizations (id, name, created_at) VALUES ($1, $2, $3) "
                 "ON CONFLICT (lower(name)) DO NOTHING",
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
      id ? sql_.query("SELECT id, name, created_at FROM organizations WHERE id = $1", *id)
         : sql_.query("SELECT id, name, created_at FROM organizations "
                      "WHERE lower(name) = lower($1)",
                      key),
      organization_of);
}

std::vector<Organization> SqlOrganizations::list() {
  return all_of(
      sql_.query("SELECT id, name, created_at FROM organizations ORDER BY lower(name) LIMIT $1",
                 control::kMaxListed),
      organization_of);
}

policy::OrganizationRole SqlOrganizations::role_of(OrganizationId organization, UserId user) {
  const Rows rows =
      sql_.query("SELECT role FROM memberships WHERE organization_id = $1 AND user_id = $2",
                 organization, user);
  return rows.empty() ? policy::OrganizationRole::none : role_from(rows[0].text(0));
}

std::vector<Membership> SqlOrganizations::memberships(UserId user) {
  std::vector<Membership> out;
  for (const Row& row : sql_.query("SELECT o.id, o.name, o.created_at, m.role FROM memberships m "
                                   "JOIN organizations o ON o.id = m.organization_id "
                                   "WHERE m.user_id = $1 ORDER BY lower(o.name) LIMIT $2",
                                   user, control::kMaxListed)) {
    out.push_back({organization_of(row), role_from(row.text(3))});
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

void SqlOrganizations::remove_member(OrganizationId organization, UserId user) {
  sql_.query("DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2", organization,
             user);
}

}  // namespace rap::store
