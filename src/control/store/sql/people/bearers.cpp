#include "control/store/sql/people/bearers.hpp"

#include "control/store/sql/people/users.hpp"
#include "control/store/sql/rows_read.hpp"

namespace rap::store {
namespace {

using control::SignInEnd;

control::FoundBearer bearer_of(const Row& row) {
  control::FoundBearer found{user_of(row), std::nullopt, row.maybe_id<DeviceId>(kAfterUser + 1)};
  if (const auto because = row.maybe_text(kAfterUser)) {
    found.ended =
        value_in<SignInEnd>(control::kSignInEndNames, *because).value_or(SignInEnd::signed_out);
  } else if (found.user.disabled) {
    found.ended = SignInEnd::account_disabled;
  }
  return found;
}

}  // namespace

void SqlBearers::add(const control::NewBearer& bearer, std::size_t max_per_user) {
  sql_.query(
      "INSERT INTO bearer_sessions (token_sha256, user_id, device_id, source_ip, created_at, "
      "expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
      bearer.token, bearer.user, bearer.device, bearer.source_ip, bearer.created_at,
      bearer.expires_at);
  const Rows ended = sql_.query(
      "UPDATE bearer_sessions SET ended_because = $4 WHERE token_sha256 IN (SELECT token_sha256 "
      "FROM bearer_sessions WHERE user_id = $1 AND token_sha256 <> $2 AND ended_because IS NULL "
      "ORDER BY number DESC OFFSET $3)",
      bearer.user, bearer.token, max_per_user - 1, to_string(SignInEnd::too_many_sign_ins));
  if (ended.affected() > 0) forget_ended(bearer.user);
}

std::optional<control::FoundBearer> SqlBearers::find(const crypto::Sha256& token, WallTime now) {
  return first_of(
      sql_.query("SELECT " + std::string(kUserColumns) +
                     ", b.ended_because, b.device_id FROM users u JOIN bearer_sessions b "
                     "ON b.user_id = u.id WHERE b.token_sha256 = $1 "
                     "AND b.expires_at > $2",
                 token, now),
      bearer_of);
}

void SqlBearers::remove(const crypto::Sha256& token) {
  sql_.query("DELETE FROM bearer_sessions WHERE token_sha256 = $1", token);
}

std::size_t SqlBearers::end_all(UserId user, SignInEnd because,
                                std::optional<crypto::Sha256> kept) {
  const auto ended = static_cast<std::size_t>(
      sql_.query("UPDATE bearer_sessions SET ended_because = $2 WHERE user_id = $1 "
                 "AND ended_because IS NULL AND token_sha256 <> $3",
                 user, to_string(because), kept.value_or(crypto::Sha256{}))
          .affected());
  forget_ended(user);
  return ended;
}

std::size_t SqlBearers::end_of_device(DeviceId device, SignInEnd because,
                                      std::optional<UserId> user) {
  const Rows ended = sql_.query(
      "UPDATE bearer_sessions SET ended_because = $2 WHERE device_id = $1 "
      "AND ended_because IS NULL AND user_id = coalesce($3, user_id) RETURNING user_id",
      device, to_string(because), user);
  for (const Row& row : ended) forget_ended(row.id<UserId>(0));
  return static_cast<std::size_t>(ended.size());
}

void SqlBearers::purge_expired(WallTime now) {
  sql_.query("DELETE FROM bearer_sessions WHERE expires_at <= $1", now);
}

// Whoever signs in again and again would fill the table otherwise.
void SqlBearers::forget_ended(UserId user) {
  sql_.query(
      "DELETE FROM bearer_sessions WHERE token_sha256 IN (SELECT token_sha256 "
      "FROM bearer_sessions WHERE user_id = $1 AND ended_because IS NOT NULL "
      "ORDER BY number DESC OFFSET $2)",
      user, control::kMaxEndedBearersPerUser);
}

}  // namespace rap::store
