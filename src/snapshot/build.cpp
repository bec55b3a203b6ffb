#include "snapshot/build.hpp"

#include <algorithm>

#include "policy/channel_classes.hpp"

namespace rap::snapshot {
namespace {

using policy::NodeRole;

const ModelNode* find_node(const ClusterModel& model, NodeId id) {
  const auto it = std::ranges::find(model.nodes, id, &ModelNode::id);
  return it == model.nodes.end() ? nullptr : &*it;
}

bool has_relays(const ClusterModel& model) {
  return std::ranges::any_of(model.nodes, [](const auto& n) { return n.has(NodeRole::relay); });
}

bool has_reason_to_dial(const ModelNode& from, const ModelNode& to, bool with_relays) {
  if (!with_relays) return from.has(NodeRole::egress) && to.has(NodeRole::entry);
  return to.has(NodeRole::relay) && (from.has(NodeRole::entry) || from.has(NodeRole::egress));
}

enum class Link : std::uint8_t { none, dial, accept };

// One channel a pair: when both have a reason to dial, the one with the smaller id does.
Link link_of(const ModelNode& self, const ModelNode& other, bool with_relays) {
  if (self.id == other.id) return Link::none;
  const bool dials = has_reason_to_dial(self, other, with_relays);
  const bool accepts = has_reason_to_dial(other, self, with_relays);
  if (dials && accepts) return self.id < other.id ? Link::dial : Link::accept;
  return dials ? Link::dial : accepts ? Link::accept : Link::none;
}

bool would_be_linked(const ModelNode& self, ModelNode other, bool with_relays) {
  other.disabled = false;
  const bool as_it_was = with_relays || other.has(NodeRole::relay);
  return link_of(self, other, as_it_was) != Link::none;
}

// Do so many nodes dial this one that they must not come all at once when it has been away?
bool is_crowded(const ClusterModel& model, const ModelNode& node, bool with_relays) {
  const auto dials = [&](const ModelNode& n) { return has_reason_to_dial(n, node, with_relays); };
  return std::ranges::count_if(model.nodes, dials) > kBootstrapCrowd;
}

std::vector<Peer> peers_of(const ClusterModel& model, const ModelNode& self, bool with_relays) {
  std::vector<Peer> peers;
  for (const ModelNode& other : model.nodes) {
    if (other.disabled) {
      if (would_be_linked(self, other, with_relays)) {
        peers.push_back({.node = other.id, .roles = other.roles, .disabled = true});
      }
      continue;
    }
    const Link link = link_of(self, other, with_relays);
    if (link == Link::none) continue;
    Peer peer{.node = other.id,
              .roles = other.roles,
              .dial = link == Link::dial,
              .endpoints = {},
              .classes = policy::classes_between(self.roles, other.roles),
              .draining = other.draining,
              .bootstrap = link == Link::dial && is_crowded(model, other, with_relays)};
    if (peer.dial) peer.endpoints.push_back(other.fabric_endpoint);
    peers.push_back(std::move(peer));
  }
  return peers;
}

std::vector<NodeId> next_hops(const ClusterModel& model, const ModelNode& self,
                              const ModelNode& egress, bool with_relays) {
  std::vector<NodeId> hops;
  if (link_of(self, egress, with_relays) != Link::none) hops.push_back(egress.id);
  if (self.has(NodeRole::relay)) return hops;
  for (const ModelNode& relay : model.nodes) {
    if (relay.id == egress.id || !relay.has(NodeRole::relay)) continue;
    if (link_of(self, relay, with_relays) == Link::none) continue;
    if (link_of(relay, egress, with_relays) == Link::none) continue;
    hops.push_back(relay.id);
  }
  return hops;
}

std::vector<Route> routes_of(const ClusterModel& model, const ModelNode& self, bool with_relays) {
  std::vector<Route> routes;
  if (!self.has(NodeRole::entry) && !self.has(NodeRole::relay)) return routes;
  for (const ModelNode& egress : model.nodes) {
    if (!egress.has(NodeRole::egress) || egress.id == self.id) continue;
    auto hops = next_hops(model, self, egress, with_relays);
    if (!hops.empty()) routes.push_back({egress.id, std::move(hops)});
  }
  return routes;
}

std::vector<EgressPool> pools_for_entry(const ClusterModel& model) {
  std::vector<EgressPool> pools;
  for (const ModelPool& pool : model.pools) {
    EgressPool out{pool.id, {}};
    for (NodeId id : pool.members) {
      const ModelNode* member = find_node(model, id);
      // Nothing new is placed on one that drains; what it carries needs no pool.
      if (!member || member->draining) continue;
      if (member->has(NodeRole::egress)) out.members.push_back({id, member->seal_key});
    }
    if (!out.members.empty()) pools.push_back(std::move(out));
  }
  return pools;
}

std::vector<Resource> resources_for_egress(const ClusterModel& model, const ModelNode& self) {
  std::vector<Resource> resources;
  for (const Resource& resource : model.resources) {
    const auto pool = std::ranges::find(model.pools, resource.pool, &ModelPool::id);
    if (pool == model.pools.end()) continue;
    if (std::ranges::find(pool->members, self.id) == pool->members.end()) continue;
    resources.push_back(resource);
  }
  return resources;
}

template <class T, class Projection>
void sort_by(std::vector<T>& v, Projection by) {
  std::ranges::sort(v, {}, by);
}

ClusterModel sorted(ClusterModel model) {
  sort_by(model.nodes, &ModelNode::id);
  for (ModelNode& node : model.nodes) std::ranges::sort(node.roles);
  sort_by(model.pools, &ModelPool::id);
  for (ModelPool& pool : model.pools) std::ranges::sort(pool.members);
  sort_by(model.resources, &Resource::id);
  return model;
}

}  // namespace

bool ModelNode::has(NodeRole role) const {
  return !disabled && std::ranges::find(roles, role) != roles.end();
}

std::optional<NodeConfig> build_node_config(const ClusterModel& unsorted, NodeId node,
                                            WallTime issued_at) {
  const ClusterModel model = sorted(unsorted);
  const ModelNode* self = find_node(model, node);
  if (!self || self->disabled) return std::nullopt;
  const bool with_relays = has_relays(model);

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
  config.revocations = model.revocations;
  config.trust_bundle_pem = model.trust_bundle_pem;
  config.peers = peers_of(model, *self, with_relays);
  config.routes = routes_of(model, *self, with_relays);
  if (self->has(NodeRole::entry) || self->has(NodeRole::egress)) {
    config.token_keys = model.token_keys;
  }
  if (self->has(NodeRole::entry)) config.pools = pools_for_entry(model);
  if (self->has(NodeRole::egress)) config.resources = resources_for_egress(model, *self);
  return config;
}

}  // namespace rap::snapshot
