#include "control/store/sql/configuration/cluster_model.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/encoding.hpp"

namespace rap::store {
namespace {

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
  r.severity = wire::severity_from(row.text(6)).value_or(wire::Severity::close);
  return r;
}

snapshot::ModelDocument model_document_of(const Row& row) {
  snapshot::ModelDocument d;
  d.type = row.text(1);
  d.scope.layer = snapshot::layer_from(row.text(2)).value_or(snapshot::Layer::platform);
  d.scope.organization = OrganizationId::parse(row.text(3)).value_or(OrganizationId{});
  d.scope.resource = ResourceId::parse(row.text(4)).value_or(ResourceId{});
  d.version = row.count(5);
  d.value = row.text(6);
  return d;
}

}  // namespace

// One statement, so that the version and what it stands for come from one snapshot of the database:
// between several, another transaction could commit a change.
snapshot::ClusterModel SqlClusterModel::load(WallTime now) {
  snapshot::ClusterModel model;
  const Rows rows = sql_.query(
      "SELECT 1 AS kind, k.id::text, k.config_version::text, k.revocation_version::text, "
      " t.bundle_version::text, t.bundle_floor::text, k.route_epoch::text, "
      " k.route_epoch_floor::text "
      " FROM clusters k JOIN trust t ON t.cluster_id = k.id WHERE k.id = rap_cluster() "
      "UNION ALL "
      "SELECT 2, n.id::text, n.name, n.fabric_advertise, encode(n.seal_key, 'hex'), "
      " CASE WHEN n.draining THEN coalesce(n.drain_deadline, 0)::text ELSE '' END, n.state, '' "
      " FROM nodes n WHERE n.cluster_id = rap_cluster() "
      " AND n.state IN ('approved', 'disabled') AND n.seal_key IS NOT NULL "
      "UNION ALL "
      "SELECT 3, pool_id::text, node_id::text, '', '', '', '', '' FROM egress_pool_nodes "
      "WHERE cluster_id = rap_cluster() "
      "UNION ALL "
      "SELECT 4, id::text, organization_id::text, egress_pool_id::text, protocol, host, "
      " port::text, '' FROM resources r WHERE cluster_id = rap_cluster() AND disabled_at IS NULL "
      " AND NOT EXISTS (SELECT FROM egress_pools p WHERE p.id = r.egress_pool_id "
      " AND p.disabled_at IS NOT NULL) "
      "UNION ALL "
      "SELECT 5, kind, node_id::text, issuer_sha256, serial, key_sha256, severity, "
      " expires_at::text FROM revocations WHERE cluster_id = rap_cluster() AND expires_at > $1 "
      "UNION ALL "
      "SELECT 6, type, layer, coalesce(organization_id::text, ''), "
      " coalesce(resource_id::text, ''), version::text, value, '' FROM config_documents d "
      "WHERE for_nodes AND CASE WHEN d.cluster_id IS NOT NULL THEN d.cluster_id = rap_cluster() "
      " ELSE d.organization_id IS NULL OR EXISTS (SELECT FROM cluster_organizations o WHERE "
      " o.cluster_id = rap_cluster() AND o.organization_id = d.organization_id) END "
      "UNION ALL "
      "SELECT 7, node_id::text, role, '', '', '', '', '' FROM node_roles "
      "WHERE cluster_id = rap_cluster() "
      "ORDER BY 1, 2, 3, 4, 5, 6",
      now);
  std::unordered_map<NodeId, std::size_t> place_of;
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
        node.fabric_endpoint = row.text(3);
        node.draining = !row.text(5).empty();
        if (node.draining) node.drain_deadline = row.integer(5);
        node.disabled = row.text(6) == "disabled";
        std::copy_n(key.begin(), std::min(key.size(), node.seal_key.size()), node.seal_key.begin());
        place_of.emplace(node.id, model.nodes.size());
        model.nodes.push_back(std::move(node));
        break;
      }
      case 3:
        if (model.pools.empty() || model.pools.back().id != row.id<EgressPoolId>(1)) {
          model.pools.push_back({row.id<EgressPoolId>(1), {}});
        }
        model.pools.back().members.push_back(row.id<NodeId>(2));
        break;
      case 7: {  // a query for each node's would take the database longer than all the rest
        const auto place = place_of.find(row.id<NodeId>(1));
        const auto role = policy::node_role_from(row.text(2));
        if (place != place_of.end() && role) model.nodes[place->second].roles.push_back(*role);
        break;
      }
      case 6: model.documents.push_back(model_document_of(row)); break;
      case 5: model.revocations.push_back({revocation_of(row), row.integer(7)}); break;
      default: {
        // A protocol of a newer release that was taken back has no adapter here.
        const auto protocol = policy::protocol_from(row.text(4));
        if (!protocol) break;
        model.resources.push_back({row.id<ResourceId>(1), row.id<OrganizationId>(2),
                                   row.id<EgressPoolId>(3), *protocol, row.text(5),
                                   static_cast<std::uint16_t>(row.integer(6))});
      }
    }
  }
  return model;
}

}  // namespace rap::store
