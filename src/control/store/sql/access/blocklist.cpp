#include "control/store/sql/access/blocklist.hpp"

#include "control/core/listing.hpp"

namespace rap::store {
namespace {

using control::BlocklistEntry;
using policy::BlocklistKind;

BlocklistKind kind_of(const Row& row, int column) {
  return policy::blocklist_kind_from(row.text(column)).value_or(BlocklistKind::ip);
}

}  // namespace

bool SqlBlocklist::add(const BlocklistEntry& e) {
  // The counter's lock comes first: of two that come together the second counts the first.
  sql_.query(
      "SELECT FROM delta_counters WHERE cluster_id = rap_cluster() AND stream = 'blocklist' "
      "FOR UPDATE");
  const Rows others = sql_.query(
      "SELECT count(*) FROM server_blocklist_changes "
      "WHERE cluster_id = rap_cluster() AND action = 'add' AND NOT (kind = $1 AND value = $2)",
      to_string(e.kind), e.value);
  if (others.empty() || others[0].count(0) >= control::kMaxBlocklisted) return false;
  sql_.query(
      "INSERT INTO server_blocklist_changes (kind, value, action, expires_at, reason, changed_at) "
      "VALUES ($1, $2, 'add', $3, $4, $5) ON CONFLICT (cluster_id, kind, value) "
      "DO UPDATE SET action = 'add', "
      "expires_at = EXCLUDED.expires_at, reason = EXCLUDED.reason, "
      "changed_at = EXCLUDED.changed_at",
      to_string(e.kind), e.value, e.expires_at, e.reason, e.changed_at);
  return true;
}

bool SqlBlocklist::remove(BlocklistKind kind, std::string_view value, WallTime now) {
  return sql_.query(
                 "UPDATE server_blocklist_changes SET action = 'remove', expires_at = NULL, "
                 "reason = '', changed_at = $3 WHERE kind = $1 AND value = $2 AND action = 'add'",
                 to_string(kind), value, now)
             .affected() == 1;
}

std::vector<BlocklistEntry> SqlBlocklist::list(WallTime now) {
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

std::optional<BlocklistKind> SqlBlocklist::find(const control::Visitor& visitor, WallTime now) {
  const Param ip = visitor.ip.empty() ? Param{} : Param{visitor.ip};
  const Rows rows = sql_.query_params(
      "SELECT kind FROM server_blocklist_changes WHERE action = 'add' "
      "AND (expires_at IS NULL OR expires_at > $4) AND ((kind = 'user' AND value = $1) "
      "OR (kind = 'device' AND value = $2) OR network >>= $3::inet) ORDER BY kind LIMIT 1",
      {to_param(visitor.user), to_param(visitor.device), ip, to_param(now)});
  return rows.empty() ? std::nullopt : std::optional(kind_of(rows[0], 0));
}

}  // namespace rap::store
