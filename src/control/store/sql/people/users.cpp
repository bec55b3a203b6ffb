#include "control/store/sql/people/users.hpp"

#include "control/core/listing.hpp"
#include "control/store/postgres/rows_read.hpp"

namespace rap::store {

using control::User;

User user_of(const Row& row) {
  return {row.id<UserId>(0),
          row.text(1),
          policy::platform_role_from(row.text(2)).value_or(policy::PlatformRole::none),
          row.time(3),
          row.boolean(4),
          row.maybe_time(5)};
}

std::string select_user(std::string_view rest) {
  return "SELECT " + std::string(kUserColumns) + " FROM users u " + std::string(rest);
}

bool SqlUsers::create(const User& user, const std::string& password_hash) {
  return sql_.query(
                 "INSERT INTO users (id, email, password_hash, platform_role, created_at) "
                 "VALUES ($1, $2, $3, $4, $5) "
                 "ON CONFLICT (email) WHERE removed_at IS NULL DO NOTHING",
                 user.id, user.email, password_hash, to_string(user.platform_role), user.created_at)
             .affected() == 1;
}

std::optional<User> SqlUsers::find(std::string_view email) {
  return first_of(
      sql_.query(select_user("WHERE u.email = lower($1) AND u.removed_at IS NULL"), email),
      user_of);
}

std::optional<control::Credentials> SqlUsers::credentials(std::string_view email) {
  const Rows rows = sql_.query("SELECT " + std::string(kUserColumns) +
                                   ", u.password_hash FROM users u "
                                   "WHERE u.email = lower($1) AND u.disabled_at IS NULL",
                               email);
  if (rows.empty()) return std::nullopt;
  return control::Credentials{user_of(rows[0]), rows[0].text(kAfterUser)};
}

std::vector<User> SqlUsers::list() {
  return all_of(sql_.query(select_user("WHERE u.removed_at IS NULL ORDER BY u.email LIMIT $1"),
                           control::kMaxListed),
                user_of);
}

std::size_t SqlUsers::lock_platform_owners() {
  const Rows rows =
      sql_.query("SELECT id FROM users WHERE platform_role = $1 AND disabled_at IS NULL FOR UPDATE",
                 to_string(policy::PlatformRole::platform_owner));
  return static_cast<std::size_t>(rows.size());
}

void SqlUsers::disable(UserId user, WallTime now) {
  sql_.query("UPDATE users SET disabled_at = coalesce(disabled_at, $2) WHERE id = $1", user, now);
}

void SqlUsers::enable(UserId user) {
  sql_.query("UPDATE users SET disabled_at = NULL WHERE id = $1 AND removed_at IS NULL", user);
}

void SqlUsers::remove(UserId user, WallTime now) {
  sql_.query(
      "UPDATE users SET disabled_at = coalesce(disabled_at, $2), removed_at = $2 WHERE id = $1",
      user, now);
  sql_.query("DELETE FROM memberships WHERE user_id = $1", user);
}

void SqlUsers::set_platform_role(UserId user, policy::PlatformRole role) {
  sql_.query("UPDATE users SET platform_role = $2 WHERE id = $1", user, to_string(role));
}

bool SqlUsers::lock_password(UserId user, std::string_view password_hash) {
  return !sql_.query(
                  "SELECT FROM users WHERE id = $1 AND password_hash = $2 "
                  "AND disabled_at IS NULL FOR NO KEY UPDATE",
                  user, password_hash)
              .empty();
}

void SqlUsers::set_password(UserId user, const std::string& password_hash,
                            std::optional<WallTime> expires_at) {
  sql_.query("UPDATE users SET password_hash = $2, password_expires_at = $3 WHERE id = $1", user,
             password_hash, expires_at);
}

}  // namespace rap::store
