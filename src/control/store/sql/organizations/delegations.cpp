#include "control/store/sql/organizations/delegations.hpp"

#include "control/core/listing.hpp"
#include "control/store/postgres/rows_read.hpp"
#include "policy/roles.hpp"

namespace rap::store {
namespace {

using control::Delegation;

constexpr std::string_view kSelectDelegation =
    "SELECT d.organization_id, d.user_id, u.email, d.delegated, d.created_at, d.created_by, "
    "b.email, d.expires_at FROM delegations d JOIN users u ON u.id = d.user_id "
    "JOIN users b ON b.id = d.created_by ";

// A delegation is in force while those whom it takes are who they were: see the repository.
std::string in_force() {
  return " AND u.disabled_at IS NULL AND b.disabled_at IS NULL "
         "AND CASE WHEN d.organization_id IS NULL THEN b.platform_role = '" +
         std::string(to_string(policy::PlatformRole::platform_owner)) +
         "' ELSE EXISTS (SELECT FROM memberships m WHERE "
         "m.organization_id = d.organization_id AND m.user_id = b.id AND "
         "m.disabled_at IS NULL AND m.role = '" +
         std::string(to_string(policy::OrganizationRole::organization_owner)) + "') END ";
}

policy::DelegatedRight right_of(std::string_view name) {
  return policy::delegated_right_from(name).value_or(policy::DelegatedRight::approve_nodes);
}

Delegation delegation_of(const Row& row) {
  Delegation d;
  if (!row.is_null(0)) d.organization = row.id<OrganizationId>(0);
  d.user = row.id<UserId>(1);
  d.email = row.text(2);
  d.right = right_of(row.text(3));
  d.created_at = row.time(4);
  d.created_by = row.id<UserId>(5);
  d.created_by_email = row.text(6);
  d.expires_at = row.time(7);
  return d;
}

}  // namespace

void SqlDelegations::put(const Delegation& d) {
  sql_.query("DELETE FROM delegations WHERE expires_at <= $1", d.created_at);
  sql_.query(
      "INSERT INTO delegations (organization_id, user_id, delegated, created_at, created_by, "
      "expires_at) VALUES ($1, $2, $3, $4, $5, $6) "
      "ON CONFLICT (organization_id, user_id, delegated) DO UPDATE SET "
      "created_at = EXCLUDED.created_at, created_by = EXCLUDED.created_by, "
      "expires_at = EXCLUDED.expires_at",
      d.organization, d.user, to_string(d.right), d.created_at, d.created_by, d.expires_at);
}

std::vector<Delegation> SqlDelegations::list(std::optional<OrganizationId> organization,
                                             WallTime now) {
  return all_of(sql_.query(std::string(kSelectDelegation) +
                               "WHERE d.organization_id IS NOT DISTINCT FROM $1::uuid "
                               "AND d.expires_at > $2" +
                               in_force() + "ORDER BY u.email, d.delegated LIMIT $3",
                           organization, now, control::kMaxListed),
                delegation_of);
}

policy::DelegatedRights SqlDelegations::rights_of(std::optional<OrganizationId> organization,
                                                  UserId user, WallTime now) {
  policy::DelegatedRights rights;
  for (const Row& row : sql_.query(std::string(kSelectDelegation) +
                                       "WHERE d.user_id = $2 AND d.expires_at > $3 "
                                       "AND d.organization_id IS NOT DISTINCT FROM $1::uuid" +
                                       in_force(),
                                   organization, user, now)) {
    rights.add(delegation_of(row).right);
  }
  return rights;
}

bool SqlDelegations::remove(std::optional<OrganizationId> organization, UserId user,
                            policy::DelegatedRight right) {
  return sql_.query(
                 "DELETE FROM delegations WHERE organization_id IS NOT DISTINCT FROM $1::uuid "
                 "AND user_id = $2 AND delegated = $3",
                 organization, user, to_string(right))
             .affected() == 1;
}

std::vector<Delegation> SqlDelegations::remove_all(UserId user) {
  auto had = all_of(sql_.query(std::string(kSelectDelegation) + "WHERE d.user_id = $1", user),
                    delegation_of);
  sql_.query("DELETE FROM delegations WHERE user_id = $1", user);
  return had;
}

std::vector<Delegation> SqlDelegations::remove_given(UserId giver) {
  auto had = all_of(sql_.query(std::string(kSelectDelegation) + "WHERE d.created_by = $1", giver),
                    delegation_of);
  sql_.query("DELETE FROM delegations WHERE created_by = $1", giver);
  return had;
}

std::vector<Delegation> SqlDelegations::remove_given(UserId giver,
                                                     std::optional<OrganizationId> organization) {
  auto had = all_of(
      sql_.query(std::string(kSelectDelegation) +
                     "WHERE d.created_by = $1 AND d.organization_id IS NOT DISTINCT FROM $2::uuid",
                 giver, organization),
      delegation_of);
  sql_.query(
      "DELETE FROM delegations WHERE created_by = $1 AND "
      "organization_id IS NOT DISTINCT FROM $2::uuid",
      giver, organization);
  return had;
}

}  // namespace rap::store
