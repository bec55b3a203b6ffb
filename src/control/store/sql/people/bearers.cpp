#include "control/store/sql/people/bearers.hpp"

#include "control/store/postgres/rows_read.hpp"
#include "control/store/sql/people/devices.hpp"
#include "control/store/sql/people/users.hpp"

namespace rap::store {
namespace {

using control::SignInEnd;

constexpr int kEnded = kAfterUser;
constexpr int kDevice = kAfterUser + 1;
constexpr int kDeviceIsKnown = kAfterUser + 2;
constexpr int kDeviceIsApproved = kAfterUser + 3;
constexpr int kBlocked = kAfterUser + 4;

control::FoundBearer bearer_of(const Row& row) {
  control::FoundBearer found{user_of(row), std::nullopt, std::nullopt};
  if (const auto device = row.maybe_id<DeviceId>(kDevice)) {
    found.device = {*device, {row.boolean(kDeviceIsApproved), row.boolean(kBlocked)}};
  }
  if (const auto because = row.maybe_text(kEnded)) {
    found.ended =
        value_in<SignInEnd>(control::kSignInEndNames, *because).value_or(SignInEnd::signed_out);
  } else if (found.user.disabled) {
    found.ended = SignInEnd::account_disabled;
  } else if (found.device && !row.boolean(kDeviceIsKnown)) {
    found.ended = SignInEnd::device_removed;
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
                     ", s.ended_because, s.device_id, d.id IS NOT NULL, "
                     "d.approved_at IS NOT NULL, " +
                     std::string(kDeviceIsBlocked) +
                     " FROM bearer_sessions s JOIN users u ON u.id = s.user_id "
                     "LEFT JOIN devices d ON d.user_id = s.user_id AND d.id = s.device_id "
                     "WHERE s.token_sha256 = $2 AND s.expires_at > $1",
                 now, token),
      bearer_of);
}

std::vector<std::string> SqlBearers::sources(UserId user, WallTime now) {
  std::vector<std::string> out;
  for (const Row& row : sql_.query("SELECT source_ip FROM bearer_sessions WHERE user_id = $1 "
                                   "AND ended_because IS NULL AND expires_at > $2",
                                   user, now)) {
    out.push_back(row.text(0));
  }
  return out;
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
