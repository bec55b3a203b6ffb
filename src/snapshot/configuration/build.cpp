#include "snapshot/configuration/build.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "mesh/neighbours.hpp"
#include "policy/channel_classes.hpp"

namespace rap::snapshot {
namespace {

using policy::NodeRole;

mesh::RoutedNode member(const ModelNode& node) {
  if (node.disabled) return {node.id, {}};
  return {node.id, node.roles};
}

// A neighbour that was taken out: would they be neighbours if it were not?
bool would_be_neighbours(const ModelNode& self, const ModelNode& disabled, bool with_relays) {
  const mesh::RoutedNode as_it_was{disabled.id, disabled.roles};
  return mesh::are_neighbours(member(self), as_it_was,
                              with_relays || as_it_was.has(NodeRole::relay));
}

const ClusterIndex::Nodes& nodes_in(const ClusterIndex& cluster, mesh::Group group) {
  switch (group) {
    case mesh::Group::entries: return cluster.entries();
    case mesh::Group::relays: return cluster.relays();
    case mesh::Group::egresses: return cluster.egresses();
    case mesh::Group::edges: break;
  }
  return cluster.edges();
}

// The nodes that may be neighbours of this one; sorted by id.
ClusterIndex::Nodes candidates(const ClusterIndex& cluster, const ModelNode& self) {
  ClusterIndex::Nodes all;
  for (const mesh::Group group : mesh::groups_of_neighbours(member(self), cluster.has_relays())) {
    const ClusterIndex::Nodes& some = nodes_in(cluster, group);
    ClusterIndex::Nodes both;
    both.reserve(all.size() + some.size());
    std::ranges::set_union(all, some, std::back_inserter(both), {}, &ModelNode::id, &ModelNode::id);
    all = std::move(both);
  }
  return all;
}

// A node at which every flow ends that comes to it.
bool is_only_egress(const ModelNode& node) {
  return node.has(NodeRole::egress) && !node.has(NodeRole::entry) && !node.has(NodeRole::relay);
}

// What a channel may carry: by the roles of both ends and, for flows, by what the organizations'
// services behind it need (CH-7). An egress that serves no organization is sent no flow at all.
wire::TrafficClassSet classes_of(const ClusterIndex& cluster, const ModelNode& self,
                                 const ModelNode& other) {
  wire::TrafficClassSet scope = cluster.service_classes();
  for (const ModelNode* end : {&self, &other}) {
    if (is_only_egress(*end)) scope = scope.intersect(cluster.service_classes_at(end->id));
  }
  const auto by_roles = policy::classes_between(self.roles, other.roles);
  return by_roles.without(policy::kFlowClasses.without(scope));
}

std::vector<Peer> peers_of(const ClusterIndex& cluster, const ModelNode& self) {
  std::vector<Peer> peers;
  const auto size_of = [&](mesh::Group group) { return nodes_in(cluster, group).size(); };
  for (const ModelNode* other : candidates(cluster, self)) {
    const auto dialling = mesh::dialling(member(self), member(*other), cluster.has_relays());
    if (dialling == mesh::Dialling::none) continue;
    const bool dials = dialling == mesh::Dialling::dial;
    Peer peer{.node = other->id,
              .roles = other->roles,
              .dial = dials,
              .endpoints = {},
              .classes = classes_of(cluster, self, *other),
              .draining = other->draining,
              .bootstrap =
                  dials && mesh::is_dialled_by_many(member(*other), cluster.has_relays(), size_of)};
    if (peer.dial) peer.endpoints.push_back(other->fabric_endpoint);
    peers.push_back(std::move(peer));
  }
  for (const ModelNode* other : cluster.disabled()) {
    if (!would_be_neighbours(self, *other, cluster.has_relays())) continue;
    peers.push_back({.node = other->id, .roles = other->roles, .disabled = true});
  }
  std::ranges::sort(peers, {}, &Peer::node);
  return peers;
}

std::vector<ConfiguredRoute> routes_of(const ClusterIndex& cluster, const ModelNode& self) {
  std::vector<ConfiguredRoute> routes;
  if (!mesh::hands_flows_on(member(self))) return routes;
  std::vector<mesh::RoutedNode> relays;
  for (const ModelNode* relay : cluster.relays()) relays.push_back(member(*relay));
  for (const ModelNode* egress : cluster.egresses()) {
    if (egress->id == self.id) continue;
    auto hops = mesh::next_hops(member(self), member(*egress), relays, kMaxNextHops);
    if (!hops.empty()) routes.push_back({egress->id, std::move(hops)});
  }
  return routes;
}

std::vector<Revocation> revocations_at(const ClusterModel& model, WallTime now) {
  std::vector<Revocation> out;
  for (const ModelRevocation& r : model.revocations) {
    if (r.expires_at > to_unix(now)) out.push_back(r.revocation);
  }
  return out;
}

}  // namespace

std::optional<NodeConfig> build_node_config(const ClusterIndex& cluster, NodeId node,
                                            WallTime issued_at) {
  const ClusterModel& model = cluster.model();
  const ModelNode* self = cluster.find(node);
  if (!self || self->disabled) return std::nullopt;

  NodeConfig config;
  config.version = model.version;
  config.cluster = model.cluster;
  config.node = node;
  config.node_name = self->name;
  config.issued_at = to_unix(issued_at);
  config.valid_for_s = model.valid_for_s;
  config.roles = self->roles;
  config.draining = self->draining;
  config.drain_deadline = self->draining ? self->drain_deadline : 0;
  config.peer_directory_version = model.version;  // the peers are part of every configuration
  config.trust_bundle_version = model.trust_bundle_version;
  config.trust_bundle_floor = model.trust_bundle_floor;
  config.revocation_version = model.revocation_version;
  config.route_epoch = model.route_epoch;
  config.route_epoch_floor = model.route_epoch_floor;
  config.revocations = revocations_at(model, issued_at);
  config.trust_bundle_pem = model.trust_bundle_pem;
  config.peers = peers_of(cluster, *self);
  config.routes = routes_of(cluster, *self);
  if (self->has(NodeRole::entry) || self->has(NodeRole::egress)) {
    config.token_keys = model.token_keys;
  }
  const GivenDocuments documents = cluster.documents_for(*self);
  for (const IndexedDocument* document : documents.list) config.documents.push_back(document->ref);
  // What organizations demand belongs to what the node does for them: without it, it does nothing.
  if (!documents.fits) return config;
  if (self->has(NodeRole::entry)) config.pools = cluster.usable_pools();
  if (self->has(NodeRole::egress)) config.resources = cluster.resources_served_by(node);
  return config;
}

}  // namespace rap::snapshot
