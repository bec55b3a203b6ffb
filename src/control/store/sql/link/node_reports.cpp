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
