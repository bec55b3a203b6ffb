#include "control/store/sql/people/metrics_tokens.hpp"

#include "control/store/postgres/rows_read.hpp"

namespace rap::store {
namespace {

using control::MetricsToken;

constexpr std::string_view kSelectMetricsToken =
    "SELECT t.name, t.created_at, t.created_by, u.email, u.platform_role <> 'none' AND "
    "u.disabled_at IS NULL AND u.removed_at IS NULL, t.expires_at, t.last_used_at, "
    "t.disabled_at IS NOT NULL "
    "FROM metrics_tokens t JOIN users u ON u.id = t.created_by ";

MetricsToken metrics_token_of(const Row& row) {
  return {row.text(0),    row.time(1), row.id<UserId>(2), row.text(3),
          row.boolean(4), row.time(5), row.maybe_time(6), row.boolean(7)};
}

}  // namespace

bool SqlMetricsTokens::add(const MetricsToken& t, const crypto::Sha256& hash) {
  return sql_.query(
                 "INSERT INTO metrics_tokens (token_sha256, name, created_at, created_by, "
                 "expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (lower(name)) DO NOTHING",
                 hash, t.name, t.created_at, t.created_by, t.expires_at)
             .affected() == 1;
}

std::vector<MetricsToken> SqlMetricsTokens::list() {
  return all_of(sql_.query(std::string(kSelectMetricsToken) + "ORDER BY lower(t.name) LIMIT $1",
                           control::kMaxMetricsTokens),
                metrics_token_of);
}

std::optional<MetricsToken> SqlMetricsTokens::find(const crypto::Sha256& hash) {
  return first_of(sql_.query(std::string(kSelectMetricsToken) + "WHERE t.token_sha256 = $1", hash),
                  metrics_token_of);
}

void SqlMetricsTokens::note_use(const crypto::Sha256& hash, WallTime now) {
  sql_.query("UPDATE metrics_tokens SET last_used_at = $2 WHERE token_sha256 = $1", hash, now);
}

std::optional<MetricsToken> SqlMetricsTokens::find_named(std::string_view name) {
  return first_of(
      sql_.query(std::string(kSelectMetricsToken) + "WHERE lower(t.name) = lower($1)", name),
      metrics_token_of);
}

void SqlMetricsTokens::disable(std::string_view name, WallTime now) {
  sql_.query("UPDATE metrics_tokens SET disabled_at = $2 WHERE lower(name) = lower($1)", name, now);
}

void SqlMetricsTokens::enable(std::string_view name) {
  sql_.query("UPDATE metrics_tokens SET disabled_at = NULL WHERE lower(name) = lower($1)", name);
}

bool SqlMetricsTokens::remove(std::string_view name) {
  return sql_.query("DELETE FROM metrics_tokens WHERE lower(name) = lower($1)", name).affected() ==
         1;
}

bool SqlMetricsTokens::make_room(WallTime now) {
  // The lock comes first: of two that come together the second counts the first.
  sql_.query("SELECT pg_advisory_xact_lock(hashtext('rap metrics_tokens'))");
  sql_.query("DELETE FROM metrics_tokens WHERE expires_at <= $1", now);
  const Rows left = sql_.query("SELECT count(*) FROM metrics_tokens");
  return !left.empty() && left[0].count(0) < control::kMaxMetricsTokens;
}

}  // namespace rap::store
