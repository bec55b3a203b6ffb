#include "control/store/sql/sessions/commands.hpp"

#include "policy/roles.hpp"
#include "wire/node_commands.hpp"

namespace rap::store {

void SqlCommands::terminate_session(NodeId node, SessionId session, control::CommandId id,
                                    WallTime now, WallTime not_since) {
  const bool sent = !sql_.query(
                             "SELECT FROM node_commands WHERE session_id = $1 AND node_id = $2 "
                             "AND created_at > $3 LIMIT 1",
                             session, node, not_since)
                         .empty();
  // A node that answers none gets no more; what it carries is commanded away when it checks in.
  if (sent || !sql_.query("SELECT FROM node_commands WHERE node_id = $1 AND status = 'sent' "
                          "OFFSET $2 LIMIT 1",
                          node, control::kMaxWaitingCommands - 1)
                   .empty()) {
    return;
  }
  const Rows seq = sql_.query(
      "INSERT INTO node_status (cluster_id, node_id, command_seq) "
      "SELECT cluster_id, id, 1 FROM nodes WHERE id = $1 ON CONFLICT (node_id) DO UPDATE SET "
      "command_seq = node_status.command_seq + 1 RETURNING command_seq",
      node);
  if (seq.empty()) return;
  // It is on disk before it is answered, so that its number is never given twice.
  sql_.query(
      "INSERT INTO node_commands (cluster_id, node_id, seq, id, type, session_id, created_at) "
      "SELECT n.cluster_id, n.id, $2::bigint, $3::uuid, $6, $4::uuid, $5::bigint "
      "FROM set_config('synchronous_commit', 'on', true), nodes n WHERE n.id = $1",
      node, seq[0].count(0), id, session, now, to_string(wire::NodeCommandType::terminate_session));
}

std::vector<control::EdgeNode> SqlCommands::edge_nodes() {
  std::vector<control::EdgeNode> out;
  for (const Row& row :
       sql_.query("SELECT n.cluster_id, n.id FROM nodes n WHERE n.state = 'approved' AND EXISTS "
                  "(SELECT FROM node_roles r WHERE r.node_id = n.id AND r.role IN ($1, $2)) "
                  "ORDER BY n.id",
                  to_string(policy::NodeRole::entry), to_string(policy::NodeRole::egress))) {
    out.push_back({row.id<ClusterId>(0), row.id<NodeId>(1)});
  }
  return out;
}

std::uint64_t SqlCommands::last(NodeId node) {
  const Rows rows = sql_.query("SELECT command_seq FROM node_status WHERE node_id = $1", node);
  return rows.empty() ? 0 : rows[0].count(0);
}

std::vector<control::NodeCommand> SqlCommands::list_since(NodeId node, std::uint64_t seq,
                                                          std::size_t limit) {
  std::vector<control::NodeCommand> out;
  for (const Row& row : sql_.query("SELECT seq, id, type, session_id FROM node_commands "
                                   "WHERE node_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                                   node, seq, limit)) {
    // The constraint of the column has the names of the table.
    const auto type = wire::node_command_from(row.text(2));
    if (!type) continue;
    out.push_back({row.count(0), row.id<control::CommandId>(1), *type,
                   row.maybe_id<SessionId>(3).value_or(SessionId{}).str()});
  }
  return out;
}

bool SqlCommands::finish(NodeId node, std::string_view text, bool ok, std::string_view detail,
                         WallTime now) {
  const auto id = control::CommandId::parse(text);
  if (!id) return false;
  return sql_.query(
                 "UPDATE node_commands SET status = $3, detail = $4, finished_at = $5 "
                 "WHERE node_id = $1 AND id = $2",
                 node, *id, ok ? "ok" : "failed", detail, now)
             .affected() == 1;
}

void SqlCommands::purge(WallTime before) {
  sql_.query("DELETE FROM node_commands WHERE created_at < $1", before);
}

}  // namespace rap::store
