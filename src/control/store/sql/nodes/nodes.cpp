#include "control/store/sql/nodes/nodes.hpp"

#include "control/core/listing.hpp"
#include "control/store/postgres/rows_read.hpp"
#include "control/store/sql/nodes/node_roles.hpp"
#include "snapshot/values/node_names.hpp"
#include "snapshot/values/target_ranges.hpp"

namespace rap::store {
namespace {

using control::Node;

constexpr std::string_view kSelectNode =
    "SELECT n.id, n.name, n.state, n.seal_key, n.data_plane_advertise, n.fabric_advertise, "
    "n.created_at, coalesce(s.checked_in_at, 0), coalesce(s.versions, '{}'), "
    "coalesce(s.metrics, '{}'), coalesce(s.metadata, '{}'), coalesce(s.observations, '{}'), "
    "coalesce(s.acked_config_version, 0), coalesce(s.config_error, ''), "
    "coalesce((SELECT string_agg(r.role, ',') FROM node_roles r WHERE r.node_id = n.id), ''), "
    "coalesce((SELECT c.config_version FROM clusters c WHERE c.id = n.cluster_id), 0), n.draining, "
    "n.drain_deadline, "
    "coalesce(s.certificate_serial, ''), "
    "coalesce((SELECT c.history_began FROM clusters c WHERE c.id = n.cluster_id), 0), "
    "coalesce(s.incarnations, '{}'), "
    "life.own_from, life.own_until, life.worker_from, life.worker_until, n.organization_id, "
    "(SELECT o.name FROM organizations o WHERE o.id = n.organization_id), "
    "n.disabled_by_platform, n.disabled_by_organization "
    "FROM nodes n LEFT JOIN node_status s ON s.node_id = n.id LEFT JOIN LATERAL ("
    "SELECT max(c.not_before) FILTER (WHERE c.kind = 'node') AS own_from, "
    "max(c.not_after) FILTER (WHERE c.kind = 'node') AS own_until, "
    "max(c.not_before) FILTER (WHERE c.kind = 'worker') AS worker_from, "
    "max(c.not_after) FILTER (WHERE c.kind = 'worker') AS worker_until "
    "FROM node_certificates c WHERE c.cluster_id = n.cluster_id AND c.node_id = n.id "
    "AND c.status <> 'revoked') life ON true ";

std::optional<control::CertificateLife> life_of(const Row& row, int from) {
  if (row.is_null(from)) return std::nullopt;
  return control::CertificateLife{row.time(from), row.time(from + 1)};
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
  n.history_began = row.time(19);
  n.incarnations = row.text(20);
  n.own_certificate = life_of(row, 21);
  n.worker_certificate = life_of(row, 23);
  if (!row.is_null(25)) n.organization = row.id<OrganizationId>(25);
  n.organization_name = row.text(26);
  n.disabled_by = {.platform = row.boolean(27), .organization = row.boolean(28)};
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
                 "INSERT INTO nodes (id, name, state, created_at, organization_id) "
                 "VALUES ($1, $2, $3, $4, $5) "
                 "ON CONFLICT (cluster_id, lower(name)) WHERE state <> 'revoked' DO NOTHING",
                 node.id, node.name, to_string(node.state), node.created_at, node.organization)
             .affected() == 1;
}

std::optional<Node> SqlNodes::find(std::string_view key) {
  const auto id = NodeId::parse(key);
  const Rows rows =
      id ? sql_.query(select_node("WHERE n.id = $1 AND n.removed_at IS NULL"), *id)
         : sql_.query(
               select_node("WHERE lower(n.name) = lower($1) AND n.removed_at IS NULL ORDER BY "
                           "n.state = 'revoked', n.created_at DESC LIMIT 1"),
               key);
  return rows.empty() ? std::nullopt : std::optional(node_of(rows[0]));
}

std::vector<Node> SqlNodes::list() {
  return nodes_of(
      sql_.query(select_node("WHERE n.removed_at IS NULL ORDER BY lower(n.name) LIMIT $1"),
                 control::kMaxListed));
}

std::vector<Node> SqlNodes::list_of(OrganizationId organization) {
  return nodes_of(sql_.query(select_node("WHERE n.removed_at IS NULL AND n.organization_id = $1 "
                                         "ORDER BY lower(n.name) LIMIT $2"),
                             organization, control::kMaxListed));
}

std::vector<Node> SqlNodes::entries() {
  return nodes_of(
      sql_.query(select_node("JOIN node_roles e ON e.node_id = n.id AND e.role = $2 "
                             "WHERE n.state = 'approved' AND NOT n.draining AND NOT EXISTS "
                             "(SELECT FROM node_certificates c WHERE c.node_id = n.id "
                             "AND c.cluster_id = n.cluster_id AND c.kind = 'worker' "
                             "HAVING count(*) > 0 AND bool_and(c.status <> 'active')) ORDER BY "
                             "s.checked_in_at DESC NULLS LAST, n.id "
                             "LIMIT $1"),
                 control::kMaxListed, to_string(policy::NodeRole::entry)));
}

void SqlNodes::set_state(NodeId node, control::NodeState state, WallTime now) {
  sql_.query(
      "UPDATE nodes SET state = $2, "
      "approved_at = CASE WHEN $2 = 'approved' THEN $3::bigint ELSE approved_at END, "
      "disabled_at = CASE WHEN $2 = 'disabled' THEN $3::bigint END, "
      "disabled_by_platform = disabled_by_platform AND $2 = 'disabled', "
      "disabled_by_organization = disabled_by_organization AND $2 = 'disabled' WHERE id = $1",
      node, to_string(state), now);
}

void SqlNodes::set_disabled_by(NodeId node, control::DisabledBy by) {
  sql_.query(
      "UPDATE nodes SET disabled_by_platform = $2, disabled_by_organization = $3 WHERE id = $1",
      node, by.platform, by.organization);
}

void SqlNodes::set_organization(NodeId node, std::optional<OrganizationId> organization) {
  sql_.query("UPDATE nodes SET organization_id = $2 WHERE id = $1 AND approved_at IS NULL", node,
             organization);
}

std::vector<control::ServedPool> SqlNodes::pools_of(NodeId node) {
  std::vector<control::ServedPool> out;
  for (const Row& row :
       sql_.query("SELECT o.id, o.name, p.id, p.name FROM egress_pool_nodes pn "
                  "JOIN egress_pools p ON p.id = pn.pool_id "
                  "JOIN organizations o ON o.id = p.organization_id "
                  "WHERE pn.node_id = $1 ORDER BY lower(o.name), lower(p.name) LIMIT $2",
                  node, control::kMaxListed)) {
    out.push_back({row.id<OrganizationId>(0), row.text(1), row.id<EgressPoolId>(2), row.text(3)});
  }
  return out;
}

std::vector<std::string> SqlNodes::addresses_of_others(std::optional<OrganizationId> owner) {
  std::vector<std::string> out;
  for (const Row& row :
       sql_.query("SELECT DISTINCT address FROM nodes n, unnest(ARRAY[n.data_plane_advertise, "
                  "n.fabric_advertise]) AS address WHERE n.state IN ('approved', 'disabled') "
                  "AND n.organization_id IS DISTINCT FROM $1::uuid AND address <> ''",
                  owner)) {
    out.push_back(row.text(0));
  }
  return out;
}

void SqlNodes::rename(NodeId node, std::string_view name) {
  sql_.query("UPDATE nodes SET name = $2 WHERE id = $1", node, name);
}

bool SqlNodes::is_named_in_ranges(std::string_view name) {
  return !sql_.query(
                  "SELECT FROM config_documents d, "
                  "jsonb_object_keys(coalesce(d.value::jsonb -> 'nodes', '{}')) AS named "
                  "WHERE d.type = $1 AND lower(named) = lower($2) LIMIT 1",
                  snapshot::kEgressTargetRanges, name)
              .empty();
}

void SqlNodes::remove(NodeId node, WallTime now) {
  sql_.query("UPDATE nodes SET removed_at = $2 WHERE id = $1 AND state = 'revoked'", node, now);
}

void SqlNodes::set_roles(NodeId node, const std::vector<policy::NodeRole>& roles) {
  sql_.query("DELETE FROM node_roles WHERE node_id = $1", node);
  for (policy::NodeRole role : roles) {
    sql_.query("INSERT INTO node_roles (node_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING",
               node, to_string(role));
  }
}

void SqlNodes::set_draining(NodeId node, bool draining, std::optional<WallTime> deadline) {
  sql_.query("UPDATE nodes SET draining = $2, drain_deadline = $3 WHERE id = $1", node, draining,
             deadline);
}

std::vector<std::string> SqlNodes::name_policies(ClusterId cluster) {
  std::vector<std::string> out;
  for (const Row& row :
       sql_.query("SELECT value FROM config_documents WHERE type = $1 AND (layer = 'platform' OR "
                  "(layer = 'cluster' AND cluster_id = $2)) ORDER BY layer = 'cluster'",
                  snapshot::kNodeNames, cluster)) {
    out.push_back(row.text(0));
  }
  return out;
}

control::RouteEpochs SqlNodes::require_current_routes() {
  const Rows rows = sql_.query(
      "UPDATE clusters SET route_epoch_floor = route_epoch, config_version = config_version + 1 "
      "WHERE id = rap_cluster() "
      "RETURNING route_epoch, route_epoch_floor");
  return rows.empty() ? control::RouteEpochs{}
                      : control::RouteEpochs{rows[0].count(0), rows[0].count(1)};
}

std::vector<control::StateCount> SqlNodes::count_by_state() {
  return counts_of(
      sql_.query("SELECT state, count(*) FROM nodes WHERE removed_at IS NULL "
                 "GROUP BY state ORDER BY state"));
}

}  // namespace rap::store
