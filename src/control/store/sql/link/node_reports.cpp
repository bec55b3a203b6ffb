#include "control/store/sql/link/node_reports.hpp"

#include "control/store/postgres/sql_array.hpp"

namespace rap::store {

// Nobody waits for the disk: a check-in that a crash of the database takes back is made again
// seconds later. Who writes in the same transaction what must stay says so (command_termination).
void SqlNodeReports::record_check_in(const control::Node& node, WallTime now) {
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

void SqlNodeReports::record_incarnations(NodeId node, std::string_view incarnations) {
  sql_.query(
      "INSERT INTO node_status (node_id, incarnations) VALUES ($1, $2::jsonb) "
      "ON CONFLICT (node_id) DO UPDATE SET incarnations = EXCLUDED.incarnations",
      node, incarnations);
}

void SqlNodeReports::record_told_notices(NodeId node, std::string_view told) {
  sql_.query("UPDATE node_status SET told_notices = $2::jsonb WHERE node_id = $1", node, told);
}

bool SqlNodeReports::record_audited_events(NodeId node, std::string_view before,
                                           std::string_view after) {
  return !sql_.query(
                  "UPDATE node_status SET audited_events = $3::jsonb "
                  "FROM set_config('synchronous_commit', 'on', true) "
                  "WHERE node_id = $1 AND audited_events = $2::jsonb RETURNING node_id",
                  node, before, after)
              .empty();
}

control::SecuritySubjects SqlNodeReports::security_subjects(
    const std::vector<wire::SecurityEvent>& events) {
  std::vector<NodeId> nodes;
  std::vector<ResourceId> resources;
  std::vector<OrganizationId> organizations;
  for (const wire::SecurityEvent& event : events) {
    if (event.peer) nodes.push_back(*event.peer);
    if (event.resource) resources.push_back(*event.resource);
    if (event.organization) organizations.push_back(*event.organization);
  }
  control::SecuritySubjects out;
  for (const Row& row :
       sql_.query("SELECT id, name, NULL::uuid, NULL::uuid FROM nodes WHERE id = ANY ($1::uuid[]) "
                  "UNION ALL SELECT NULL, name, id, organization_id FROM resources "
                  "WHERE id = ANY ($2::uuid[]) "
                  "UNION ALL SELECT NULL, '', NULL, organization_id FROM cluster_organizations "
                  "WHERE organization_id = ANY ($3::uuid[]) AND cluster_id = rap_cluster()",
                  array_of(nodes), array_of(resources), array_of(organizations))) {
    if (!row.is_null(0)) {
      out.nodes.emplace(row.id<NodeId>(0), row.text(1));
    } else if (!row.is_null(2)) {
      out.resources.emplace(row.id<ResourceId>(2), control::SecuritySubjects::Resource{
                                                       row.id<OrganizationId>(3), row.text(1)});
    } else {
      out.organizations.insert(row.id<OrganizationId>(3));
    }
  }
  return out;
}

void SqlNodeReports::record_acks(const std::vector<control::AcknowledgedConfig>& acks,
                                 WallTime now) {
  std::vector<NodeId> nodes;
  std::vector<std::uint64_t> versions;
  for (const control::AcknowledgedConfig& ack : acks) {
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

void SqlNodeReports::record_config_error(NodeId node, std::string_view error, WallTime now) {
  sql_.query(
      "INSERT INTO node_status (node_id, config_error, config_error_at) VALUES ($1, $2, $3) "
      "ON CONFLICT (node_id) DO UPDATE SET config_error = EXCLUDED.config_error, "
      "config_error_at = EXCLUDED.config_error_at",
      node, error, now);
}

}  // namespace rap::store
