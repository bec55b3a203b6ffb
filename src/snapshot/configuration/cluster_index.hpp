// What the control plane knows of the cluster, sorted and indexed once per change, so that the
// configuration of one node is built without looking at the others (SN-1). Immutable, hence shared
// by every thread that builds.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "snapshot/configuration/node_config.hpp"

namespace rap::snapshot {

// An approved node. One that is disabled takes part in nothing; its neighbours are told of
// it, so that they know whom they shut out (peer_disabled).
struct ModelNode {
  NodeId id;
  std::string name;
  std::vector<policy::NodeRole> roles;
  std::string fabric_endpoint;  // "host:port" other nodes dial
  crypto::X25519Public seal_key{};
  bool draining = false;
  std::int64_t drain_deadline = 0;  // unix seconds; 0: none
  bool disabled = false;

  // A disabled node has no role.
  bool has(policy::NodeRole role) const;
};

struct ModelPool {
  EgressPoolId id;
  std::vector<NodeId> members;
};

struct ModelRevocation {
  Revocation revocation;
  std::int64_t expires_at = INT64_MAX;  // unix seconds: then no certificate it concerns is valid
};

struct ModelDocument {
  std::string type;
  DocumentScope scope;
  std::uint64_t version = 0;
  std::string value;
};

// A document that nodes are given, in the form in which it is signed.
struct IndexedDocument {
  DocumentRef ref;
  Audience audience = Audience::nobody;
  std::string payload;
};

// The documents that belong to a node, sorted by type and scope. When there are more than it may
// hold, it is given those of the platform and the cluster alone and must serve no organization: a
// policy that was left out would let through what it forbids.
struct GivenDocuments {
  std::vector<const IndexedDocument*> list;
  bool fits = true;
};

// What decides over all that a node is told, but whose configuration it is.
struct AlikeNodes {
  std::vector<policy::NodeRole> roles;
  bool draining = false;
  std::int64_t drain_deadline = 0;
  std::vector<EgressPoolId> pools;  // an egress: it is a member of these
  auto operator<=>(const AlikeNodes&) const = default;
};

struct ClusterModel {
  std::uint64_t version = 0;
  ClusterId cluster;
  std::string trust_bundle_pem;
  std::vector<TokenKey> token_keys;
  std::vector<ModelNode> nodes;
  std::vector<ModelPool> pools;
  std::vector<ConfiguredResource> resources;
  std::vector<ModelRevocation> revocations = {};
  std::vector<ModelDocument> documents = {};

  std::uint64_t trust_bundle_version = 1;
  std::uint64_t trust_bundle_floor = 1;
  std::uint64_t revocation_version = 0;
  std::uint64_t route_epoch = 0;
  std::uint64_t route_epoch_floor = 0;
  std::int64_t valid_for_s = kDefaultValidForS;
};

class ClusterIndex {
 public:
  using Nodes = std::vector<const ModelNode*>;

  explicit ClusterIndex(ClusterModel model);
  ClusterIndex(const ClusterIndex&) = delete;  // its parts point into it
  ClusterIndex& operator=(const ClusterIndex&) = delete;

  const ClusterModel& model() const { return model_; }  // sorted by id
  const ModelNode* find(NodeId id) const;
  // What the services of organizations need that the node is the egress of, and those of all nodes
  // (CH-7).
  wire::TrafficClassSet service_classes_at(NodeId node) const;
  wire::TrafficClassSet service_classes() const { return service_classes_; }

  // Each is sorted by id; disabled nodes are in the last one only.
  const Nodes& entries() const { return entries_; }
  const Nodes& relays() const { return relays_; }
  const Nodes& egresses() const { return egresses_; }
  const Nodes& edges() const { return edges_; }  // entry, egress or both
  const Nodes& disabled() const { return disabled_; }
  bool has_relays() const { return !relays_.empty(); }

  // What every entry is told: pools with the members that new flows may go to.
  const std::vector<KeyedPool>& usable_pools() const { return usable_pools_; }
  // The resources of the pools a node is a member of, sorted by id.
  std::vector<ConfiguredResource> resources_served_by(NodeId node) const;

  // The nodes that are told the same as this one. nullopt: its id matters to what it is told, or it
  // takes part in nothing.
  std::optional<AlikeNodes> alike(const ModelNode& node) const;

  const std::vector<IndexedDocument>& documents() const { return documents_; }
  GivenDocuments documents_for(const ModelNode& node) const;

 private:
  void index_nodes();
  void index_pools();
  void index_services();
  void index_documents();
  bool is_for(const IndexedDocument& document, const ModelNode& node,
              const std::vector<ConfiguredResource>& served) const;

  ClusterModel model_;
  std::unordered_map<NodeId, const ModelNode*> by_id_;
  Nodes entries_;
  Nodes relays_;
  Nodes egresses_;
  Nodes edges_;
  Nodes disabled_;
  std::vector<KeyedPool> usable_pools_;
  std::unordered_map<EgressPoolId, std::vector<const ConfiguredResource*>> resources_of_pool_;
  std::unordered_map<NodeId, std::vector<EgressPoolId>> pools_of_node_;
  std::unordered_map<NodeId, wire::TrafficClassSet> service_classes_at_;
  wire::TrafficClassSet service_classes_;
  std::vector<IndexedDocument> documents_;
  std::unordered_set<OrganizationId> reachable_;  // with a resource behind a usable pool
};

}  // namespace rap::snapshot
