// Nodes, their certificates and what they report.
#include <algorithm>

#include "base/encoding.hpp"
#include "control/store/postgres/sql_array.hpp"
#include "control/store/sql/repositories.hpp"

namespace rap::store {
namespace {

using control::Node;

constexpr std::string_view kSelectNode =
    "SELECT n.id, n.name, n.state, n.seal_key, n.data_plane_advertise, n.fabric_advertise, "
    "n.created_at, coalesce(s.checked_in_at, 0), coalesce(s.versions, '{}'), "
    "coalesce(s.metrics, '{}'), coalesce(s.metadata, '{}'), coalesce(s.observations, '{}'), "
    "coalesce(s.acked_config_version, 0), coalesce(s.config_error, ''), "
    "coalesce((SELECT string_agg(r.role, ',') FROM node_roles r WHERE r.node_id = n.id), ''), "
    "coalesce((SELECT config_version FROM cluster), 0), n.draining, n.drain_deadline, "
    "coalesce(s.certificate_serial, ''), "
    "coalesce((SELECT c.ca_ref FROM node_certificates c WHERE c.node_id = n.id "
    "AND c.serial = s.certificate_serial LIMIT 1), '') "
    "FROM nodes n LEFT JOIN node_status s ON s.node_id = n.id ";

std::vector<policy::NodeRole> roles_from(std::string_view joined) {
  std::vector<policy::NodeRole> roles;
  while (!joined.empty()) {
    const std::size_t comma = std::min(joined.find(','), joined.size());
    if (auto role = policy::node_role_from(joined.substr(0, comma))) roles.push_back(*role);
    joined.remove_prefix(std::min(comma + 1, joined.size()));
  }
  std::ranges::sort(roles);
  return roles;
}

crypto::Sha256 digest_of(const std::string& hex) {
  crypto::Sha256 out{};
  const Bytes bytes = from_hex(hex).value_or(Bytes{});
  std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
  return out;
}

snapshot::Revocation revocation_of(const Row& row) {
  snapshot::Revocation r;
  const std::string kind = row.text(1);
  if (kind == to_string(snapshot::RevocationKind::certificate)) {
    r.kind = snapshot::RevocationKind::certificate;
    r.issuer = digest_of(row.text(3));
    r.serial = row.text(4);
  } else if (kind == to_string(snapshot::RevocationKind::key)) {
    r.kind = snapshot::RevocationKind::key;
    r.key = digest_of(row.text(5));
  } else {
    r.node = row.id<NodeId>(2);
  }
  if (row.text(6) == to_string(snapshot::RevocationSeverity::drain)) {
    r.severity = snapshot::RevocationSeverity::drain;
  }
  return r;
}

snapshot::ModelDocument document_of(const Row& row) {
  snapshot::ModelDocument d;
  d.type = row.text(1);
  d.scope.layer = snapshot::layer_from(row.text(2)).value_or(snapshot::Layer::platform);
  d.scope.organization = OrganizationId::parse(row.text(3)).value_or(OrganizationId{});
  d.scope.resource = ResourceId::parse(row.text(4)).value_or(ResourceId{});
  d.version = row.count(5);
  d.value = row.text(6);
  return d;
}

Node node_of(const Row& row) {
  Node n;
  n.id = row.id<NodeId>(0);
  n.name = row.text(1);
  n.state = control::node_state_from(row.text(2)).value_or(control::NodeState::disabled);
  if (!row.is_null(3)) n.seal_key = row.bytes32(3);
  n.data_plane_advertise = row.text(4);
  n.fabric_advertise = row.text(5);
  n.created_at = row.time(6);
  n.checked_in_at = row.time(7);
  n.versions = row.text(8);
  n.metrics = row.text(9);
  n.metadata = row.text(10);
  n.observations = row.text(11);
  n.acked_config_version = row.count(12);
  n.config_error = row.text(13);
  n.roles = roles_from(row.text(14));
  n.wanted_config_version = row.count(15);
  n.draining = row.boolean(16);
  n.drain_deadline = row.maybe_time(17);
  n.certificate_serial = row.text(18);
  n.certificate_ca_ref = row.text(19);
  return n;
}

std::vector<Node> nodes_of(const Rows& rows) {
  std::vector<Node> out;
  for (const Row& row : rows) out.push_back(node_of(row));
  return out;
}

std::string select_node(std::string_view rest) {
  return std::string(kSelectNode) + std::string(rest);
}

}  // namespace

bool SqlNodes::create(const Node& node) {
  return sql_.query(
                 "INSERT INTO nodes (id, name, state, created_at) VALUES ($1, $2, $3, $4) "
                 "ON CONFLICT (lower(name)) WHERE state <> 'revoked' DO NOTHING",
                 node.id, node.name, to_string(node.state), node.created_at)
             .affected() == 1;
}

std::optional<Node> SqlNodes::find(std::string_view key) {
  const auto id = NodeId::parse(key);
  const Rows rows = id ? sql_.query(select_node("WHERE n.id = $1"), *id)
                       : sql_.query(select_node("WHERE lower(n.name) = lower($1) ORDER BY "
                                                "n.state = 'revoked', n.created_at DESC LIMIT 1"),
                                    key);
  return rows.empty() ? std::nullopt : std::optional(node_of(rows[0]));
}

std::optional<std::pair<Node, control::NodeAdmission>> SqlNodes::admit(NodeId node,
                                                                       std::string_view serial) {
  const Rows rows = sql_.query(
      "SELECT n.id, n.name, n.state, n.data_plane_advertise, n.fabric_advertise, n.created_at, "
      "coalesce((SELECT config_version FROM cluster), 0), coalesce(s.command_seq, 0), "
      "EXISTS (SELECT FROM session_presence p WHERE p.node_id = n.id), (SELECT c.ca_ref FROM "
      "node_certificates c WHERE c.node_id = n.id AND c.serial = $2 AND "
      "c.status IN ('active', 'retiring') LIMIT 1), "
      "coalesce((SELECT admissions FROM cluster), 0) "
      "FROM nodes n LEFT JOIN node_status s ON s.node_id = n.id WHERE n.id = $1",
      node, serial);
  if (rows.empty()) return std::nullopt;
  const Row row = rows[0];
  Node n;
  n.id = row.id<NodeId>(0);
  n.name = row.text(1);
  n.state = control::node_state_from(row.text(2)).value_or(control::NodeState::disabled);
  n.data_plane_advertise = row.text(3);
  n.fabric_advertise = row.text(4);
  n.created_at = row.time(5);
  control::NodeAdmission admission{.config_version = row.count(6),
                                   .admissions = row.count(10),
                                   .commands_seq = row.count(7),
                                   .carries_sessions = row.boolean(8),
                                   .has_certificate = !row.is_null(9),
                                   .ca_ref = row.text(9)};
  return std::pair{std::move(n), std::move(admission)};
}

std::vector<bool> SqlNodes::admitted_among(const std::vector<control::NodeCall>& calls) {
  std::vector<NodeId> nodes;
  std::vector<std::string> serials;
  for (const control::NodeCall& call : calls) {
    nodes.push_back(call.node);
    serials.push_back(call.serial);
  }
  std::vector<bool> admitted(calls.size());
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

std::vector<Node> SqlNodes::list() {
  return nodes_of(sql_.query(select_node("ORDER BY lower(n.name) LIMIT $1"), control::kMaxListed));
}

void SqlNodes::set_state(NodeId node, control::NodeState state, WallTime now) {
  sql_.query(
      "UPDATE nodes SET state = $2, "
      "approved_at = CASE WHEN $2 = 'approved' THEN $3::bigint ELSE approved_at END, "
      "disabled_at = CASE WHEN $2 = 'disabled' THEN $3::bigint END WHERE id = $1",
      node, to_string(state), now);
}

void SqlNodes::set_roles(NodeId node, const std::vector<policy::NodeRole>& roles) {
  sql_.query("DELETE FROM node_roles WHERE node_id = $1", node);
  for (policy::NodeRole role : roles) {
    sql_.query("INSERT INTO node_roles (node_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING",
               node, to_string(role));
  }
}

void SqlNodes::adopt(const control::Enrolment& enrolment) {
  sql_.query(
      "UPDATE nodes SET seal_key = $2, data_plane_advertise = $3, fabric_advertise = $4 "
      "WHERE id = $1",
      enrolment.node, enrolment.seal_key, enrolment.data_plane_advertise,
      enrolment.fabric_advertise);
}

void SqlNodes::set_draining(NodeId node, bool draining, std::optional<WallTime> deadline) {
  sql_.query("UPDATE nodes SET draining = $2, drain_deadline = $3 WHERE id = $1", node, draining,
             deadline);
}

control::RouteEpochs SqlNodes::require_current_routes() {
  const Rows rows = sql_.query(
      "UPDATE cluster SET route_epoch_floor = route_epoch, config_version = config_version + 1 "
      "RETURNING route_epoch, route_epoch_floor");
  return rows.empty() ? control::RouteEpochs{}
                      : control::RouteEpochs{rows[0].count(0), rows[0].count(1)};
}

std::vector<Node> SqlNodes::entries() {
  return nodes_of(
      sql_.query(select_node("JOIN node_roles e ON e.node_id = n.id AND e.role = 'entry' "
                             "WHERE n.state = 'approved' AND NOT n.draining ORDER BY "
                             "s.checked_in_at DESC NULLS LAST, n.id "
                             "LIMIT $1"),
                 control::kMaxListed));
}

void SqlNodes::create_cluster(ClusterId cluster, WallTime now) {
  sql_.query("INSERT INTO cluster (id, created_at) VALUES ($1, $2)", cluster, now);
}

ClusterId SqlNodes::cluster() {
  const Rows rows = sql_.query("SELECT id FROM cluster");
  return rows.empty() ? ClusterId{} : rows[0].id<ClusterId>(0);
}

std::optional<control::Horizon> SqlNodes::horizon() {
  const Rows rows = sql_.query(
      "SELECT admissions, config_version, "
      "(SELECT seq FROM delta_counters WHERE stream = 'epochs'), "
      "(SELECT seq FROM delta_counters WHERE stream = 'blocklist'), "
      "(SELECT max(forgotten) FROM delta_counters) FROM cluster");
  if (rows.empty()) return std::nullopt;
  return control::Horizon{.admissions = rows[0].count(0),
                          .config_version = rows[0].count(1),
                          .epochs = rows[0].count(2),
                          .blocklist = rows[0].count(3),
                          .forgotten = rows[0].count(4)};
}

std::vector<control::AdmissionChange> SqlNodes::admission_changes(std::uint64_t since,
                                                                  std::size_t limit) {
  std::vector<control::AdmissionChange> out;
  for (const Row& row : sql_.query("SELECT node_id, number FROM admission_changes "
                                   "WHERE number > $1 ORDER BY number LIMIT $2",
                                   since, limit)) {
    out.push_back({row.id<NodeId>(0), row.count(1)});
  }
  return out;
}

std::uint64_t SqlNodes::config_version() {
  const Rows rows = sql_.query("SELECT config_version FROM cluster");
  return rows.empty() ? 0 : rows[0].count(0);
}

// Nobody waits for the disk: a check-in that a crash of the database takes back is made again
// seconds later. Who writes in the same transaction what must stay says so (command_termination).
void SqlNodes::record_check_in(const Node& node, WallTime now) {
  sql_.query(
      "INSERT INTO node_status (node_id, checked_in_at, versions, metrics, metadata, "
      "observations, certificate_serial) SELECT $1::uuid, $2::bigint, $3::jsonb, $4::jsonb, "
      "$5::jsonb, $6::jsonb, $7 FROM set_config('synchronous_commit', 'off', true) "
      "ON CONFLICT (node_id) DO UPDATE SET certificate_serial = EXCLUDED.certificate_serial, "
      "checked_in_at = EXCLUDED.checked_in_at, versions = EXCLUDED.versions, "
      "metrics = EXCLUDED.metrics, metadata = EXCLUDED.metadata, "
      "observations = EXCLUDED.observations",
      node.id, now, node.versions, node.metrics, node.metadata, node.observations,
      node.certificate_serial);
}

void SqlNodes::record_acks(const std::vector<control::ConfigAck>& acks, WallTime now) {
  std::vector<NodeId> nodes;
  std::vector<std::uint64_t> versions;
  for (const control::ConfigAck& ack : acks) {
    nodes.push_back(ack.node);
    versions.push_back(ack.version);
  }
  sql_.query(
      "INSERT INTO node_status (node_id, acked_config_version, acked_at) "
      "SELECT a.node, a.version, $3 FROM unnest($1::uuid[], $2::bigint[]) AS a (node, version) "
      "ON CONFLICT (node_id) DO UPDATE SET acked_config_version = "
      "EXCLUDED.acked_config_version, acked_at = EXCLUDED.acked_at, config_error = ''",
      array_of(nodes), array_of(versions), now);
}

void SqlNodes::record_config_error(NodeId node, std::string_view error, WallTime now) {
  sql_.query(
      "INSERT INTO node_status (node_id, config_error, config_error_at) VALUES ($1, $2, $3) "
      "ON CONFLICT (node_id) DO UPDATE SET config_error = EXCLUDED.config_error, "
      "config_error_at = EXCLUDED.config_error_at",
      node, error, now);
}

// One statement, so that the version and what it stands for come from one snapshot of the database:
// between several, another transaction could commit a change.
snapshot::ClusterModel SqlNodes::cluster_model(WallTime now) {
  snapshot::ClusterModel model;
  const Rows rows = sql_.query(
      "SELECT 1 AS kind, id::text, cluster.config_version::text, revocation_version::text, "
      " trust.bundle_version::text, trust.bundle_floor::text, route_epoch::text, "
      "route_epoch_floor::text "
      " FROM cluster, trust "
      "UNION ALL "
      "SELECT 2, n.id::text, n.name, n.fabric_advertise, encode(n.seal_key, 'hex'), "
      " coalesce((SELECT string_agg(r.role, ',') FROM node_roles r WHERE r.node_id = n.id), ''), "
      " CASE WHEN n.draining THEN coalesce(n.drain_deadline, 0)::text ELSE '' END, n.state "
      " FROM nodes n WHERE n.state IN ('approved', 'disabled') AND n.seal_key IS NOT NULL "
      "UNION ALL "
      "SELECT 3, pool_id::text, node_id::text, '', '', '', '', '' FROM egress_pool_nodes "
      "UNION ALL "
      "SELECT 4, id::text, organization_id::text, egress_pool_id::text, protocol, host, "
      " port::text, '' FROM resources "
      "UNION ALL "
      "SELECT 5, kind, node_id::text, issuer_sha256, serial, key_sha256, severity, "
      " expires_at::text FROM revocations WHERE expires_at > $1 "
      "UNION ALL "
      "SELECT 6, type, layer, coalesce(organization_id::text, ''), "
      " coalesce(resource_id::text, ''), version::text, value, '' FROM config_documents "
      "WHERE for_nodes ORDER BY 1, 2, 3, 4, 5, 6",
      now);
  for (const Row& row : rows) {
    switch (row.integer(0)) {
      case 1:
        model.cluster = row.id<ClusterId>(1);
        model.version = row.count(2);
        model.revocation_version = row.count(3);
        model.trust_bundle_version = row.count(4);
        model.trust_bundle_floor = row.count(5);
        model.route_epoch = row.count(6);
        model.route_epoch_floor = row.count(7);
        break;
      case 2: {
        const auto key = from_hex(row.text(4)).value_or(Bytes{});
        snapshot::ModelNode node;
        node.id = row.id<NodeId>(1);
        node.name = row.text(2);
        node.roles = roles_from(row.text(5));
        node.fabric_endpoint = row.text(3);
        node.draining = !row.text(6).empty();
        if (node.draining) node.drain_deadline = row.integer(6);
        node.disabled = row.text(7) == "disabled";
        std::copy_n(key.begin(), std::min(key.size(), node.seal_key.size()), node.seal_key.begin());
        model.nodes.push_back(std::move(node));
        break;
      }
      case 3:
        if (model.pools.empty() || model.pools.back().id != row.id<EgressPoolId>(1)) {
          model.pools.push_back({row.id<EgressPoolId>(1), {}});
        }
        model.pools.back().members.push_back(row.id<NodeId>(2));
        break;
      case 6: model.documents.push_back(document_of(row)); break;
      case 5: model.revocations.push_back({revocation_of(row), row.integer(7)}); break;
      default:
        model.resources.push_back({row.id<ResourceId>(1), row.id<OrganizationId>(2),
                                   row.id<EgressPoolId>(3), row.text(4), row.text(5),
                                   static_cast<std::uint16_t>(row.integer(6))});
    }
  }
  return model;
}

}  // namespace rap::store
