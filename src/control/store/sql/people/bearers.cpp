#include "control/store/sql/people/bearers.hpp"

#include "control/store/sql/people/users.hpp"
#include "control/store/sql/rows_read.hpp"

namespace rap::store {

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

std::optional<control::User> SqlBearers::find(const crypto::Sha256& token, WallTime now) {
  return first_of(sql_.query(select_user("JOIN bearer_sessions b ON b.user_id = u.id "
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

}  // namespace rap::store
