// Users, their bearers, organizations and memberships.
#include "control/store/sql/repositories.hpp"

namespace rap::store {
namespace {

using control::Member;
using control::Membership;
using control::Organization;
using control::User;

constexpr std::string_view kUserColumns =
    "u.id, u.email, u.platform_role, u.created_at, u.disabled_at IS NOT NULL";

User user_of(const Row& row) {
  return {row.id<UserId>(0), row.text(1),
          policy::platform_role_from(row.text(2)).value_or(policy::PlatformRole::none), row.time(3),
          row.boolean(4)};
}

policy::OrganizationRole role_from(const std::string& text) {
  return policy::organization_role_from(text).value_or(policy::OrganizationRole::none);
}

std::string select_user(std::string_view rest) {
  return "SELECT " + std::string(kUserColumns) + " FROM users u " + std::string(rest);
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

template <class T>
std::optional<T> first(const Rows& rows, T (*read)(const Row&)) {
  return rows.empty() ? std::nullopt : std::optional(read(rows[0]));
}

template <class T>
std::vector<T> all(const Rows& rows, T (*read)(const Row&)) {
  std::vector<T> out;
  for (const Row& row : rows) out.push_back(read(row));
  return out;
}

}  // namespace

bool SqlUsers::create(const User& user, const std::string& password_hash) {
  return sql_.query(
                 "INSERT INTO users (id, email, password_hash, platform_role, created_at) "
                 "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (email) DO NOTHING",
                 user.id, user.email, password_hash, to_string(user.platform_role), user.created_at)
             .affected() == 1;
}

std::optional<User> SqlUsers::find(std::string_view email) {
  return first(sql_.query(select_user("WHERE u.email = lower($1)"), email), user_of);
}

std::optional<control::Credentials> SqlUsers::credentials(std::string_view email) {
  const Rows rows = sql_.query("SELECT " + std::string(kUserColumns) +
                                   ", u.password_hash FROM users u "
                                   "WHERE u.email = lower($1) AND u.disabled_at IS NULL",
                               email);
  if (rows.empty()) return std::nullopt;
  return control::Credentials{user_of(rows[0]), rows[0].text(5)};
}

std::vector<User> SqlUsers::list() {
  return all(sql_.query(select_user("ORDER BY u.email LIMIT $1"), control::kMaxListed), user_of);
}

std::size_t SqlUsers::count_platform_owners() {
  const Rows rows = sql_.query(
      "SELECT id FROM users WHERE platform_role = 'platform_owner' AND disabled_at IS NULL "
      "FOR UPDATE");
  return static_cast<std::size_t>(rows.size());
}

void SqlUsers::disable(UserId user, WallTime now) {
  sql_.query("UPDATE users SET disabled_at = $2 WHERE id = $1", user, now);
  sql_.query("DELETE FROM bearer_sessions WHERE user_id = $1", user);
  sql_.query("DELETE FROM memberships WHERE user_id = $1", user);
}

void SqlBearers::add(const crypto::Sha256& token, UserId user, std::string_view source_ip,
                     WallTime now, WallTime expires_at, std::size_t max_per_user) {
  sql_.query(
      "INSERT INTO bearer_sessions (token_sha256, user_id, source_ip, created_at, expires_at) "
      "VALUES ($1, $2, $3, $4, $5)",
      token, user, source_ip, now, expires_at);
  sql_.query(
      "DELETE FROM bearer_sessions WHERE token_sha256 IN (SELECT token_sha256 "
      "FROM bearer_sessions WHERE user_id = $1 AND token_sha256 <> $2 "
      "ORDER BY created_at DESC OFFSET $3)",
      user, token, max_per_user - 1);
}

std::optional<User> SqlBearers::find(const crypto::Sha256& token, WallTime now) {
  return first(sql_.query(select_user("JOIN bearer_sessions b ON b.user_id = u.id "
                                      "WHERE b.token_sha256 = $1 AND b.expires_at > $2 "
                                      "AND u.disabled_at IS NULL"),
                          token, now),
               user_of);
}

void SqlBearers::remove(const crypto::Sha256& token) {
  sql_.query("DELETE FROM bearer_sessions WHERE token_sha256 = $1", token);
}

void SqlBearers::purge_expired(WallTime now) {
  sql_.query("DELETE FROM bearer_sessions WHERE expires_at <= $1", now);
}

bool SqlOrganizations::create(const Organization& organization) {
  return sql_.query(
                 "INSERT INTO organizations (id, name, created_at) VALUES ($1, $2, $3) "
                 "ON CONFLICT (lower(name)) DO NOTHING",
                 organization.id, organization.name, organization.created_at)
             .affected() == 1;
}

std::optional<Organization> SqlOrganizations::find(std::string_view key) {
  const auto id = OrganizationId::parse(key);
  return first(id ? sql_.query("SELECT id, name, created_at FROM organizations WHERE id = $1", *id)
                  : sql_.query("SELECT id, name, created_at FROM organizations "
                               "WHERE lower(name) = lower($1)",
                               key),
               organization_of);
}

std::vector<Organization> SqlOrganizations::list() {
  return all(
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
  return all(sql_.query(std::string(kMemberColumns) +
                            "WHERE m.organization_id = $1 ORDER BY u.email LIMIT $2",
                        organization, control::kMaxListed),
             member_of);
}

std::optional<Member> SqlOrganizations::member(OrganizationId organization,
                                               std::string_view email) {
  return first(sql_.query(std::string(kMemberColumns) +
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
