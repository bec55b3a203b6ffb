// The delta channel's tables: auth epochs and the blocklist.
#include "control/store/sql/security.hpp"

namespace rap::store {
namespace {

using control::BlocklistEntry;
using policy::BlocklistKind;

BlocklistKind kind_of(const Row& row, int column) {
  return policy::blocklist_kind_from(row.text(column)).value_or(BlocklistKind::ip);
}

}  // namespace

std::uint64_t SqlSecurity::auth_epoch(UserId user) {
  const Rows rows = sql_.query("SELECT auth_epoch FROM users WHERE id = $1", user);
  return rows.empty() ? 0 : rows[0].count(0);
}

std::uint64_t SqlSecurity::bump_auth_epoch(UserId user, WallTime now) {
  sql_.query("DELETE FROM bearer_sessions WHERE user_id = $1", user);
  const Rows rows = sql_.query("SELECT rap_bump_auth_epoch($1, $2)", user, now);
  return rows.empty() ? 0 : rows[0].count(0);
}

bool SqlSecurity::add_to_blocklist(const BlocklistEntry& e) {
  // The counter's lock comes first: of two that come together the second counts the first.
  sql_.query("SELECT FROM delta_counters WHERE stream = 'blocklist' FOR UPDATE");
  const Rows others = sql_.query(
      "SELECT count(*) FROM server_blocklist_changes "
      "WHERE action = 'add' AND NOT (kind = $1 AND value = $2)",
      to_string(e.kind), e.value);
  if (others.empty() || others[0].count(0) >= control::kMaxBlocklisted) return false;
  sql_.query(
      "INSERT INTO server_blocklist_changes (kind, value, action, expires_at, reason, changed_at) "
      "VALUES ($1, $2, 'add', $3, $4, $5) ON CONFLICT (kind, value) DO UPDATE SET action = 'add', "
      "expires_at = EXCLUDED.expires_at, reason = EXCLUDED.reason, "
      "changed_at = EXCLUDED.changed_at",
      to_string(e.kind), e.value, e.expires_at, e.reason, e.changed_at);
  return true;
}

bool SqlSecurity::remove_from_blocklist(BlocklistKind kind, std::string_view value, WallTime now) {
  return sql_.query(
                 "UPDATE server_blocklist_changes SET action = 'remove', expires_at = NULL, "
                 "reason = '', changed_at = $3 WHERE kind = $1 AND value = $2 AND action = 'add'",
                 to_string(kind), value, now)
             .affected() == 1;
}

std::vector<BlocklistEntry> SqlSecurity::blocklist(WallTime now) {
  std::vector<BlocklistEntry> out;
  for (const Row& row :
       sql_.query("SELECT kind, value, expires_at, reason, changed_at "
                  "FROM server_blocklist_changes WHERE action = 'add' "
                  "AND (expires_at IS NULL OR expires_at > $1) ORDER BY seq DESC LIMIT $2",
                  now, control::kMaxListed)) {
    out.push_back({kind_of(row, 0), row.text(1), row.maybe_time(2), row.text(3), row.time(4)});
  }
  return out;
}

std::optional<BlocklistKind> SqlSecurity::find_blocklisted(const control::Visitor& visitor,
                                                           WallTime now) {
  const Param ip = visitor.ip.empty() ? Param{} : Param{visitor.ip};
  const Rows rows = sql_.query_params(
      "SELECT kind FROM server_blocklist_changes WHERE action = 'add' "
      "AND (expires_at IS NULL OR expires_at > $4) AND ((kind = 'user' AND value = $1) "
      "OR (kind = 'device' AND value = $2) OR network >>= $3::inet) ORDER BY kind LIMIT 1",
      {to_param(visitor.user), to_param(visitor.device), ip, to_param(now)});
  return rows.empty() ? std::nullopt : std::optional(kind_of(rows[0], 0));
}

void SqlSecurity::forget_old_changes(WallTime now) {
  sql_.query("DELETE FROM auth_epoch_changes WHERE changed_at <= $1", now - snapshot::kEpochMemory);
  sql_.query("DELETE FROM server_blocklist_changes WHERE action = 'add' AND expires_at <= $1",
             now - control::kExpiredMemory);
  sql_.query(
      "WITH gone AS (DELETE FROM server_blocklist_changes WHERE action = 'remove' AND "
      "(changed_at <= $1 OR seq <= (SELECT seq FROM server_blocklist_changes "
      "WHERE action = 'remove' ORDER BY seq DESC OFFSET $2 LIMIT 1)) RETURNING seq) "
      "UPDATE delta_counters SET forgotten = greatest(forgotten, (SELECT max(seq) FROM gone)) "
      "WHERE stream = 'blocklist' AND EXISTS (SELECT FROM gone)",
      now - control::kRemovalMemory, control::kMaxBlocklisted);
}

std::vector<snapshot::EpochChange> SqlSecurity::epoch_changes(std::uint64_t since,
                                                              std::size_t limit) {
  std::vector<snapshot::EpochChange> out;
  for (const Row& row : sql_.query("SELECT user_id, epoch, seq FROM auth_epoch_changes "
                                   "WHERE seq > $1 ORDER BY seq LIMIT $2",
                                   since, limit)) {
    out.push_back({row.id<UserId>(0), row.count(1), row.count(2)});
  }
  return out;
}

std::vector<snapshot::BlocklistChange> SqlSecurity::blocklist_changes(std::uint64_t since,
                                                                      std::size_t limit) {
  std::vector<snapshot::BlocklistChange> out;
  for (const Row& row : sql_.query("SELECT kind, value, action = 'add', expires_at, seq "
                                   "FROM server_blocklist_changes "
                                   "WHERE seq > $1 ORDER BY seq LIMIT $2",
                                   since, limit)) {
    out.push_back({kind_of(row, 0), row.text(1), row.boolean(2), row.maybe_time(3), row.count(4)});
  }
  return out;
}

control::DeltaExtent SqlSecurity::extent(snapshot::DeltaStream stream) {
  const Rows rows =
      sql_.query("SELECT seq, forgotten FROM delta_counters WHERE stream = $1", to_string(stream));
  if (rows.empty()) return {};
  return {rows[0].count(0), rows[0].count(1)};
}

}  // namespace rap::store
