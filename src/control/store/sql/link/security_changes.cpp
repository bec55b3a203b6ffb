#include "control/store/sql/link/security_changes.hpp"

#include "control/access/blocklist.hpp"

namespace rap::store {
namespace {

using policy::BlocklistKind;

BlocklistKind kind_of(const Row& row, int column) {
  return policy::blocklist_kind_from(row.text(column)).value_or(BlocklistKind::ip);
}

}  // namespace

std::vector<snapshot::EpochChange> SqlSecurityChanges::epochs(std::uint64_t since,
                                                              std::size_t limit) {
  std::vector<snapshot::EpochChange> out;
  for (const Row& row : sql_.query("SELECT user_id, epoch, seq FROM auth_epoch_changes "
                                   "WHERE cluster_id = rap_cluster() AND seq > $1 "
                                   "ORDER BY seq LIMIT $2",
                                   since, limit)) {
    out.push_back({row.id<UserId>(0), row.count(1), row.count(2)});
  }
  return out;
}

std::vector<snapshot::BlocklistChange> SqlSecurityChanges::blocklist(std::uint64_t since,
                                                                     std::size_t limit) {
  std::vector<snapshot::BlocklistChange> out;
  for (const Row& row : sql_.query("SELECT kind, value, action = 'add', expires_at, seq "
                                   "FROM server_blocklist_changes "
                                   "WHERE cluster_id = rap_cluster() AND seq > $1 "
                                   "ORDER BY seq LIMIT $2",
                                   since, limit)) {
    out.push_back({kind_of(row, 0), row.text(1), row.boolean(2), row.maybe_time(3), row.count(4)});
  }
  return out;
}

control::DeltaExtent SqlSecurityChanges::extent(snapshot::DeltaStream stream) {
  const Rows rows = sql_.query(
      "SELECT seq, forgotten FROM delta_counters WHERE cluster_id = rap_cluster() AND stream = $1",
      to_string(stream));
  if (rows.empty()) return {};
  return {rows[0].count(0), rows[0].count(1)};
}

void SqlSecurityChanges::forget_old(WallTime now) {
  sql_.query("DELETE FROM auth_epoch_changes WHERE changed_at <= $1", now - snapshot::kEpochMemory);
  sql_.query("DELETE FROM server_blocklist_changes WHERE action = 'add' AND expires_at <= $1",
             now - control::kExpiredMemory);
  sql_.query(
      "WITH gone AS (DELETE FROM server_blocklist_changes WHERE cluster_id = rap_cluster() "
      "AND action = 'remove' AND (changed_at <= $1 OR seq <= (SELECT seq "
      "FROM server_blocklist_changes WHERE cluster_id = rap_cluster() AND action = 'remove' "
      "ORDER BY seq DESC OFFSET $2 LIMIT 1)) RETURNING seq) "
      "UPDATE delta_counters SET forgotten = greatest(forgotten, (SELECT max(seq) FROM gone)) "
      "WHERE cluster_id = rap_cluster() AND stream = 'blocklist' AND EXISTS (SELECT FROM gone)",
      now - control::kRemovalMemory, control::kMaxBlocklisted);
}

}  // namespace rap::store
