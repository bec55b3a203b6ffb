#include "control/store/sql/link/admissions.hpp"

#include "control/store/postgres/sql_array.hpp"

namespace rap::store {

std::optional<std::pair<control::Node, control::NodeAdmission>> SqlAdmissions::admit(
    NodeId node, std::string_view serial) {
  const Rows rows = sql_.query(
      "SELECT n.id, n.name, n.state, n.data_plane_advertise, n.fabric_advertise, n.created_at, "
      "k.config_version, coalesce(s.command_seq, 0), "
      "EXISTS (SELECT FROM session_presence p WHERE p.node_id = n.id), (SELECT c.ca_ref FROM "
      "node_certificates c WHERE c.node_id = n.id AND c.serial = $2 AND "
      "c.status IN ('active', 'retiring') LIMIT 1), "
      "k.admissions, coalesce(s.incarnations, '{}'), coalesce(s.checked_in_at, 0), "
      "coalesce(s.told_notices, '{}'), coalesce(s.audited_events, '{}'), n.organization_id "
      "FROM nodes n JOIN clusters k ON k.id = n.cluster_id "
      "LEFT JOIN node_status s ON s.node_id = n.id WHERE n.id = $1",
      node, serial);
  if (rows.empty()) return std::nullopt;
  const Row row = rows[0];
  control::Node n;
  n.id = row.id<NodeId>(0);
  n.name = row.text(1);
  n.state = control::node_state_from(row.text(2)).value_or(control::NodeState::disabled);
  n.data_plane_advertise = row.text(3);
  n.fabric_advertise = row.text(4);
  n.created_at = row.time(5);
  if (!row.is_null(15)) n.organization = row.id<OrganizationId>(15);
  control::NodeAdmission admission{.config_version = row.count(6),
                                   .admissions = row.count(10),
                                   .commands_seq = row.count(7),
                                   .carries_sessions = row.boolean(8),
                                   .has_certificate = !row.is_null(9),
                                   .ca_ref = row.text(9),
                                   .incarnations = row.text(11),
                                   .checked_in_at = row.time(12),
                                   .told_notices = row.text(13),
                                   .audited_events = row.text(14)};
  return std::pair{std::move(n), std::move(admission)};
}

std::vector<bool> SqlAdmissions::admitted_among(
    const std::vector<control::NodeCredential>& callers) {
  std::vector<NodeId> nodes;
  std::vector<std::string> serials;
  for (const control::NodeCredential& caller : callers) {
    nodes.push_back(caller.node);
    serials.push_back(caller.serial);
  }
  std::vector<bool> admitted(callers.size());
  for (const Row& row : sql_.query(
           "SELECT a.place FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY "
           "AS a (node, serial, place) JOIN nodes n ON n.id = a.node WHERE n.state = 'approved' "
           "AND EXISTS (SELECT FROM node_certificates c WHERE c.node_id = a.node "
           "AND c.serial = a.serial AND c.status IN ('active', 'retiring'))",
           array_of(nodes), array_of(serials))) {
    admitted.at(row.count(0) - 1) = true;
  }
  return admitted;
}

std::optional<control::ClusterVersions> SqlAdmissions::versions() {
  const Rows rows = sql_.query(
      "SELECT k.admissions, k.config_version, max(d.seq) FILTER (WHERE d.stream = 'epochs'), "
      "max(d.seq) FILTER (WHERE d.stream = 'blocklist'), max(d.forgotten), k.id FROM clusters k "
      "JOIN delta_counters d ON d.cluster_id = k.id WHERE k.id = rap_cluster() GROUP BY k.id");
  if (rows.empty()) return std::nullopt;
  return control::ClusterVersions{.cluster = rows[0].id<ClusterId>(5),
                                  .admissions = rows[0].count(0),
                                  .config_version = rows[0].count(1),
                                  .epochs = rows[0].count(2),
                                  .blocklist = rows[0].count(3),
                                  .forgotten = rows[0].count(4)};
}

std::vector<control::AdmissionChange> SqlAdmissions::changes(std::uint64_t since,
                                                             std::size_t limit) {
  std::vector<control::AdmissionChange> out;
  for (const Row& row : sql_.query("SELECT node_id, number FROM admission_changes "
                                   "WHERE cluster_id = rap_cluster() AND number > $1 "
                                   "ORDER BY number LIMIT $2",
                                   since, limit)) {
    out.push_back({row.id<NodeId>(0), row.count(1)});
  }
  return out;
}

}  // namespace rap::store
