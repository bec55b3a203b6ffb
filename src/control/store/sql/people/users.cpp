#include "control/store/sql/people/users.hpp"

#include "control/core/listing.hpp"
#include "control/store/sql/rows_read.hpp"

namespace rap::store {

using control::User;

User user_of(const Row& row) {
  return {row.id<UserId>(0), row.text(1),
          policy::platform_role_from(row.text(2)).value_or(policy::PlatformRole::none), row.time(3),
          row.boolean(4)};
}

std::string select_user(std::string_view rest) {
  return "SELECT " + std::string(kUserColumns) + " FROM users u " + std::string(rest);
}

bool SqlUsers::create(const User& user, const std::string& password_hash) {
  return sql_.query(
                 "INSERT INTO users (id, email, password_hash, platform_role, created_at) "
                 "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (email) DO NOTHING",
                 user.id, user.email, password_hash, to_string(user.platform_role), user.created_at)
             .affected() == 1;
}

std::optional<User> SqlUsers::find(std::string_view email) {
  return first_of(sql_.query(select_user("WHERE u.email = lower($1)"), email), user_of);
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
  return all_of(sql_.query(select_user("ORDER BY u.email LIMIT $1"), control::kMaxListed), user_of);
}

std::size_t SqlUsers::lock_platform_owners() {
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

}  // namespace rap::store
