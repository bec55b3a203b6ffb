#include "control/store/sql/organizations/invitations.hpp"

#include "control/core/listing.hpp"
#include "control/store/postgres/rows_read.hpp"
#include "control/store/sql/organizations/role_column.hpp"

namespace rap::store {
namespace {

using control::Invitation;

// Who invited is seen by the organization as long as they belong to it.
constexpr std::string_view kSelectInvitation =
    "SELECT i.organization_id, o.name, i.email, i.role, i.created_at, i.created_by, "
    "coalesce(b.email, ''), CASE WHEN b.disabled_at IS NULL THEN coalesce(m.role, '') ELSE '' END, "
    "i.expires_at FROM invitations i "
    "JOIN organizations o ON o.id = i.organization_id AND o.removed_at IS NULL "
    "LEFT JOIN users b ON b.id = i.created_by "
    "LEFT JOIN memberships m ON m.organization_id = i.organization_id "
    "AND m.user_id = i.created_by AND m.disabled_at IS NULL ";

Invitation invitation_of(const Row& row) {
  Invitation i;
  i.organization = row.id<OrganizationId>(0);
  i.organization_name = row.text(1);
  i.email = row.text(2);
  i.role = organization_role(row, 3);
  i.created_at = row.time(4);
  i.created_by = row.id<UserId>(5);
  i.created_by_email = row.text(6);
  i.inviter_role = organization_role(row, 7);
  i.expires_at = row.time(8);
  return i;
}

std::string select(std::string_view rest) {
  return std::string(kSelectInvitation) + std::string(rest);
}

}  // namespace

void SqlInvitations::put(const Invitation& i) {
  sql_.query("DELETE FROM invitations WHERE expires_at <= $1", i.created_at);
  sql_.query(
      "INSERT INTO invitations (organization_id, email, role, created_at, created_by, expires_at) "
      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id, email) DO UPDATE SET "
      "role = EXCLUDED.role, created_at = EXCLUDED.created_at, created_by = EXCLUDED.created_by, "
      "expires_at = EXCLUDED.expires_at",
      i.organization, i.email, to_string(i.role), i.created_at, i.created_by, i.expires_at);
}

std::size_t SqlInvitations::lock_and_count(OrganizationId organization, WallTime now) {
  sql_.query("SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE", organization);
  const Rows rows =
      sql_.query("SELECT count(*) FROM invitations WHERE organization_id = $1 AND expires_at > $2",
                 organization, now);
  return rows.empty() ? 0 : static_cast<std::size_t>(rows[0].count(0));
}

std::vector<Invitation> SqlInvitations::keep_newest(const Invitation& newest, std::size_t count) {
  sql_.query("DELETE FROM invitations WHERE email = $1 AND expires_at <= $2", newest.email,
             newest.created_at);
  auto beyond =
      all_of(sql_.query(select("WHERE i.email = $1 AND i.organization_id <> $2 "
                               "ORDER BY i.created_at DESC, i.organization_id OFFSET $3 - 1"),
                        newest.email, newest.organization, count),
             invitation_of);
  for (const Invitation& i : beyond) remove(i.organization, i.email);
  return beyond;
}

std::optional<Invitation> SqlInvitations::find_and_lock(OrganizationId organization,
                                                        std::string_view email) {
  return first_of(sql_.query(select("WHERE i.organization_id = $1 AND i.email = lower($2) "
                                    "FOR UPDATE OF i"),
                             organization, email),
                  invitation_of);
}

std::vector<Invitation> SqlInvitations::list(OrganizationId organization) {
  return all_of(sql_.query(select("WHERE i.organization_id = $1 ORDER BY i.email LIMIT $2"),
                           organization, control::kMaxListed),
                invitation_of);
}

std::vector<Invitation> SqlInvitations::list_for(std::string_view email) {
  return all_of(sql_.query(select("WHERE i.email = lower($1) ORDER BY lower(o.name) LIMIT $2"),
                           email, control::kMaxListed),
                invitation_of);
}

bool SqlInvitations::remove(OrganizationId organization, std::string_view email) {
  return sql_.query("DELETE FROM invitations WHERE organization_id = $1 AND email = lower($2)",
                    organization, email)
             .affected() == 1;
}

}  // namespace rap::store
