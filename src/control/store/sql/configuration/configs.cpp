#include "control/store/sql/configuration/configs.hpp"

#include "control/core/listing.hpp"

namespace rap::store {
namespace {

using control::ConfigDocument;
using snapshot::Layer;

ConfigDocument document_of(const Row& row) {
  ConfigDocument d;
  d.type = row.text(0);
  d.layer = snapshot::layer_from(row.text(1)).value_or(Layer::platform);
  d.organization = row.maybe_id<OrganizationId>(2);
  d.resource = row.maybe_id<ResourceId>(3);
  d.resource_name = row.text(4);
  d.version = row.count(5);
  d.value = row.text(6);
  d.changed_at = row.time(7);
  d.changed_by_email = row.text(8);
  d.organization_name = row.text(9);
  return d;
}

constexpr std::string_view kSelect =
    "SELECT d.type, d.layer, d.organization_id, d.resource_id, coalesce(r.name, ''), d.version, "
    "d.value, d.changed_at, coalesce(u.email, ''), coalesce(o.name, '') FROM config_documents d "
    "LEFT JOIN resources r ON r.id = d.resource_id LEFT JOIN users u ON u.id = d.changed_by "
    "LEFT JOIN organizations o ON o.id = d.organization_id ";

constexpr std::string_view kOfScope =
    "type = $1 AND layer = $2 AND organization_id IS NOT DISTINCT FROM $3::uuid AND "
    "resource_id IS NOT DISTINCT FROM $4::uuid AND "
    "(layer <> 'cluster' OR cluster_id = rap_cluster())";

}  // namespace

std::vector<ConfigDocument> SqlConfigs::list(std::optional<OrganizationId> organization) {
  std::vector<ConfigDocument> out;
  for (const Row& row :
       sql_.query(std::string(kSelect) + "WHERE d.organization_id IS NOT DISTINCT FROM $1::uuid "
                                         "AND (d.layer <> 'cluster' OR "
                                         "d.cluster_id = rap_cluster()) "
                                         "ORDER BY d.type, d.layer, r.name LIMIT $2",
                  organization, control::kMaxListed)) {
    out.push_back(document_of(row));
  }
  return out;
}

std::vector<ConfigDocument> SqlConfigs::list_of_type(std::string_view type) {
  std::vector<ConfigDocument> out;
  for (const Row& row :
       sql_.query(std::string(kSelect) + "WHERE d.type = $1 ORDER BY d.organization_id", type)) {
    out.push_back(document_of(row));
  }
  return out;
}

std::optional<ConfigDocument> SqlConfigs::find(std::string_view type,
                                               std::optional<OrganizationId> organization) {
  const Rows rows =
      sql_.query(std::string(kSelect) +
                     "WHERE d.type = $1 AND d.organization_id IS NOT DISTINCT FROM "
                     "$2::uuid AND d.resource_id IS NULL AND (d.layer <> 'cluster' OR "
                     "d.cluster_id = rap_cluster()) ORDER BY d.layer DESC LIMIT 1",
                 type, organization);
  return rows.empty() ? std::nullopt : std::optional(document_of(rows[0]));
}

control::StoredVersion SqlConfigs::put(const ConfigDocument& d, UserId by, bool for_nodes) {
  const Rows rows = sql_.query(
      "INSERT INTO config_documents AS d (type, layer, organization_id, resource_id, version, "
      "value, for_nodes, changed_at, changed_by, cluster_id) VALUES ($1, $2, $3, $4, "
      "nextval('config_documents_version'), $5, $6, $7, $8, CASE $2 WHEN 'cluster' THEN "
      "rap_cluster() WHEN 'service' THEN (SELECT cluster_id FROM resources WHERE id = $4) END) "
      "ON CONFLICT (type, layer, cluster_id, organization_id, resource_id) DO UPDATE SET "
      "version = EXCLUDED.version, value = EXCLUDED.value, for_nodes = EXCLUDED.for_nodes, "
      "changed_at = EXCLUDED.changed_at, changed_by = EXCLUDED.changed_by "
      "RETURNING version, xmax = 0",  // nobody's: it was not there
      d.type, to_string(d.layer), d.organization, d.resource, d.value, for_nodes, d.changed_at, by);
  if (rows.empty()) return {};
  return {rows[0].count(0), rows[0].boolean(1)};
}

bool SqlConfigs::remove(const ConfigDocument& d) {
  return sql_.query("DELETE FROM config_documents WHERE " + std::string(kOfScope), d.type,
                    to_string(d.layer), d.organization, d.resource)
             .affected() == 1;
}

std::size_t SqlConfigs::count_service_documents(OrganizationId organization) {
  const Rows rows = sql_.query(
      "SELECT count(*) FROM config_documents WHERE organization_id = $1 AND layer = 'service'",
      organization);
  return rows.empty() ? 0 : rows[0].count(0);
}

std::size_t SqlConfigs::count_organization_documents() {
  const Rows rows = sql_.query(
      "SELECT count(*) FROM config_documents WHERE organization_id IS NOT NULL AND for_nodes");
  return rows.empty() ? 0 : rows[0].count(0);
}

std::vector<ConfigDocument> SqlConfigs::list_for_nodes() {
  std::vector<ConfigDocument> out;
  for (const Row& row : sql_.query(std::string(kSelect) +
                                   "WHERE d.for_nodes ORDER BY d.type, d.layer, o.name, r.name")) {
    out.push_back(document_of(row));
  }
  return out;
}

std::map<NodeId, control::DocumentProgress> SqlConfigs::progress_of(const ConfigDocument& d) {
  std::map<NodeId, control::DocumentProgress> out;
  for (const Row& row :
       sql_.query("SELECT node_id, version, applied_at, error FROM node_config_documents WHERE "
                  "document_id = (SELECT id FROM config_documents WHERE " +
                      std::string(kOfScope) + ")",
                  d.type, to_string(d.layer), d.organization, d.resource)) {
    out.emplace(row.id<NodeId>(0), control::DocumentProgress{.applied_version = row.count(1),
                                                             .applied_at = row.maybe_time(2),
                                                             .error = row.text(3)});
  }
  return out;
}

void SqlConfigs::record_applied(NodeId node, const control::DocumentReport& d, WallTime now) {
  sql_.query(
      "INSERT INTO node_config_documents AS a (node_id, document_id, version, applied_at) "
      "SELECT $5, id, $6, $7 FROM config_documents WHERE " +
          std::string(kOfScope) +
          " ON CONFLICT (node_id, document_id) DO UPDATE SET version = EXCLUDED.version, "
          "applied_at = EXCLUDED.applied_at, error = '' WHERE a.version <= EXCLUDED.version",
      d.type, to_string(d.layer), d.organization, d.resource, node, d.version, now);
}

void SqlConfigs::record_error(NodeId node, const control::DocumentReport& d, std::string_view error,
                              WallTime now) {
  sql_.query(
      "INSERT INTO node_config_documents (node_id, document_id, error, error_at) "
      "SELECT $5, id, $6, $7 FROM config_documents WHERE " +
          std::string(kOfScope) +
          " ON CONFLICT (node_id, document_id) DO UPDATE SET error = EXCLUDED.error, "
          "error_at = EXCLUDED.error_at",
      d.type, to_string(d.layer), d.organization, d.resource, node, error, now);
}

}  // namespace rap::store
