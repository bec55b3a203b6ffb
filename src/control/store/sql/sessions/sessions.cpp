#include "control/store/sql/sessions/sessions.hpp"

#include "control/core/listing.hpp"
#include "control/store/postgres/rows_read.hpp"
#include "control/store/postgres/sql_array.hpp"

namespace rap::store {
namespace {

using control::Session;

constexpr std::string_view kSelectSession =
    "SELECT s.id, s.organization_id, o.name, s.user_id, u.email, s.resource_id, s.resource_name, "
    "s.protocol, s.egress_pool_id, s.state, s.created_at, s.changed_at, s.ended_because, "
    "s.cluster_id "
    "FROM sessions s LEFT JOIN organizations o ON o.id = s.organization_id "
    "LEFT JOIN users u ON u.id = s.user_id ";

Session session_of(const Row& row) {
  Session s;
  s.id = row.id<SessionId>(0);
  s.organization = row.id<OrganizationId>(1);
  s.organization_name = row.text(2);
  s.user = row.id<UserId>(3);
  s.user_email = row.text(4);
  s.resource = row.id<ResourceId>(5);
  s.resource_name = row.text(6);
  s.protocol = policy::protocol_from(row.text(7)).value_or(policy::Protocol::tcp);
  s.egress_pool = row.id<EgressPoolId>(8);
  s.state = control::session_state_from(row.text(9)).value_or(control::SessionState::terminated);
  s.created_at = row.time(10);
  s.changed_at = row.time(11);
  s.ended_because = row.maybe_text(12);
  s.cluster = row.id<ClusterId>(13);
  return s;
}

std::vector<Session> sessions_of(const Rows& rows) {
  std::vector<Session> out;
  for (const Row& row : rows) out.push_back(session_of(row));
  return out;
}

std::string settle(std::string_view condition) {
  const std::string carried =
      "EXISTS (SELECT FROM session_presence p WHERE p.session_id = s.id AND p.flows > 0)";
  // A session that is used again and again is written down every minute.
  return "UPDATE sessions s SET state = CASE WHEN " + carried +
         " THEN 'active' ELSE 'detached' END, changed_at = $1 "
         "WHERE s.state IN ('pending', 'active', 'detached') AND ((s.state = 'active') <> " +
         carried + " OR (NOT " + carried +
         " AND EXISTS (SELECT FROM session_presence p WHERE p.session_id = s.id) "
         "AND (s.state = 'pending' OR s.changed_at <= $1 - 60))) AND " +
         std::string(condition);
}

}  // namespace

void SqlSessions::create(const Session& s) {
  sql_.query(
      "INSERT INTO sessions (organization_id, id, user_id, resource_id, resource_name, "
      "protocol, egress_pool_id, state, created_at, changed_at, cluster_id) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      s.organization, s.id, s.user, s.resource, s.resource_name, to_string(s.protocol),
      s.egress_pool, to_string(s.state), s.created_at, s.changed_at, s.cluster);
}

std::optional<Session> SqlSessions::find_and_lock(SessionId session) {
  const Rows rows =
      sql_.query(std::string(kSelectSession) + "WHERE s.id = $1 FOR UPDATE OF s", session);
  return rows.empty() ? std::nullopt : std::optional(session_of(rows[0]));
}

std::vector<Session> SqlSessions::list(const control::SessionQuery& q) {
  using control::ListedSessions;
  std::string sql(kSelectSession);
  sql +=
      "WHERE ($1::uuid IS NULL OR s.user_id = $1) AND ($2::uuid IS NULL OR s.organization_id = $2) "
      "AND ($3::bigint IS NULL OR (s.created_at, s.id) < ($3, $4::uuid)) ";
  if (q.which == ListedSessions::living) sql += "AND s.state <> 'terminated' ";
  if (q.which == ListedSessions::ended) sql += "AND s.state = 'terminated' ";
  sql += "ORDER BY s.created_at DESC, s.id DESC LIMIT $5";
  return sessions_of(sql_.query(sql, q.user, q.organization,
                                q.after ? std::optional(q.after->created_at) : std::nullopt,
                                q.after ? std::optional(q.after->id) : std::nullopt, q.limit));
}

void SqlSessions::add_attachment(const Session& session, AttachmentId attachment,
                                 std::string_view source_ip, WallTime now) {
  sql_.query(
      "INSERT INTO attachments (cluster_id, organization_id, id, session_id, source_ip, "
      "created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      session.cluster, session.organization, attachment, session.id, source_ip, now);
}

std::vector<Session> SqlSessions::terminate(const control::SessionFilter& f,
                                            std::string_view because, WallTime now) {
  std::vector<Session> living = sessions_of(sql_.query(
      std::string(kSelectSession) +
          "WHERE s.state <> 'terminated' AND ($1::uuid IS NULL OR s.id = $1) "
          "AND ($2::uuid IS NULL OR s.organization_id = $2) AND ($3::uuid IS NULL OR s.user_id = "
          "$3) "
          "AND ($4::uuid IS NULL OR s.resource_id = $4) AND ($5::uuid IS NULL OR EXISTS (SELECT "
          "FROM session_presence p WHERE p.session_id = s.id AND p.node_id = $5)) "
          "AND ($6::bigint IS NULL OR s.created_at < $6) "
          "AND ($7::uuid IS NULL OR s.egress_pool_id = $7) "
          "ORDER BY s.id FOR UPDATE OF s",
      f.session, f.organization, f.user, f.resource, f.carried_by, f.created_before,
      f.egress_pool));
  for (Session& s : living) {
    sql_.query(
        "UPDATE sessions SET state = 'terminated', changed_at = $2, ended_because = $3 "
        "WHERE id = $1",
        s.id, now, because);
    s.state = control::SessionState::terminated;
    s.changed_at = now;
    s.ended_because = std::string(because);
  }
  return living;
}

std::vector<SessionId> SqlSessions::older_than(control::SessionState state, WallTime before) {
  std::vector<SessionId> out;
  for (const Row& row :
       sql_.query("SELECT s.id FROM sessions s WHERE state = $1 AND changed_at < $2 "
                  "AND (state <> 'pending' OR NOT EXISTS (SELECT FROM "
                  "attachments a WHERE a.session_id = s.id "
                  "AND a.created_at >= $2)) "
                  "ORDER BY changed_at LIMIT $3",
                  to_string(state), before, control::kMaxListed)) {
    out.push_back(row.id<SessionId>(0));
  }
  return out;
}

std::vector<SessionId> SqlSessions::record_presence(
    NodeId node, const std::vector<control::SessionPresence>& carried, WallTime now) {
  std::vector<SessionId> ids;
  std::vector<std::uint64_t> flows;
  std::vector<std::uint64_t> up;
  std::vector<std::uint64_t> down;
  for (const control::SessionPresence& p : carried) {
    ids.push_back(p.session);
    flows.push_back(p.flows);
    up.push_back(p.bytes_up);
    down.push_back(p.bytes_down);
  }
  const Rows rows = sql_.query(
      "WITH said AS (SELECT DISTINCT ON (id) * FROM "
      " unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[]) AS s (id, flows, up, down)), "
      "gone AS (DELETE FROM session_presence WHERE node_id = $1 AND NOT session_id = "
      " ANY ($2::uuid[]) RETURNING session_id), "
      "kept AS (INSERT INTO session_presence (cluster_id, organization_id, session_id, node_id, "
      "flows, "
      " bytes_up, bytes_down, seen_at) SELECT s.cluster_id, s.organization_id, s.id, $1, "
      "said.flows, said.up, "
      " said.down, $6::bigint FROM said JOIN sessions s ON s.id = said.id ORDER BY s.id "
      " ON CONFLICT (session_id, node_id) DO UPDATE SET flows = EXCLUDED.flows, "
      " bytes_up = EXCLUDED.bytes_up, bytes_down = EXCLUDED.bytes_down, "
      " seen_at = EXCLUDED.seen_at RETURNING session_id) "
      "SELECT session_id FROM gone UNION SELECT session_id FROM kept",
      node, array_of(ids), array_of(flows), array_of(up), array_of(down), now);
  std::vector<SessionId> out;
  for (const Row& row : rows) out.push_back(row.id<SessionId>(0));
  return out;
}

void SqlSessions::forget_presence_before(WallTime before) {
  sql_.query("DELETE FROM session_presence WHERE seen_at < $1", before);
}

void SqlSessions::settle_states(WallTime now) { sql_.query(settle("true"), now); }

void SqlSessions::settle_states(const std::vector<SessionId>& among, WallTime now) {
  if (among.empty()) return;
  sql_.query(settle("s.id = ANY ($2::uuid[])"), now, array_of(among));
}

std::vector<SessionId> SqlSessions::ended_among(const std::vector<SessionId>& sessions) {
  std::vector<SessionId> out;
  if (sessions.empty()) return out;
  for (const Row& row :
       sql_.query("SELECT i.id FROM unnest($1::uuid[]) AS i (id) WHERE NOT EXISTS (SELECT FROM "
                  "sessions s WHERE s.id = i.id AND s.state <> 'terminated')",
                  array_of(sessions))) {
    out.push_back(row.id<SessionId>(0));
  }
  return out;
}

void SqlSessions::purge(WallTime before, std::size_t at_once) {
  std::vector<SessionId> ended;
  for (const Row& row : sql_.query("SELECT id FROM sessions WHERE state = 'terminated' "
                                   "AND changed_at < $1 ORDER BY changed_at LIMIT $2 "
                                   "FOR UPDATE SKIP LOCKED",
                                   before, at_once)) {
    ended.push_back(row.id<SessionId>(0));
  }
  if (!ended.empty()) {
    for (const char* table : {"attachments", "session_presence"}) {
      sql_.query("DELETE FROM " + std::string(table) + " WHERE session_id = ANY ($1::uuid[])",
                 array_of(ended));
    }
    sql_.query("DELETE FROM sessions WHERE id = ANY ($1::uuid[])", array_of(ended));
  }
  sql_.query(
      "DELETE FROM attachments WHERE id IN (SELECT id FROM attachments WHERE created_at < $1 "
      "ORDER BY created_at LIMIT $2)",
      before, at_once);
}

std::vector<control::StateCount> SqlSessions::count_by_state() {
  return counts_of(
      sql_.query("SELECT state, count(*) FROM sessions GROUP BY state ORDER BY state"));
}

}  // namespace rap::store
