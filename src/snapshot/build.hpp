// From what the control plane knows of the cluster to what one node is told (SN-1). Pure: the same
// model gives the same configuration.
//
// Who dials whom:                    Which way a flow goes:
//   entry  ──► every relay             entry  → relays that neighbour the egress
//   egress ──► every relay             relay  → the egress
//   egress ──► every entry, while      entry  → the egress itself, while the cluster
//              there is no relay                has no relay
//
// Egress nodes are often behind NAT, so they always dial. A node that relays, whatever else it is,
// hands a flow to the egress and to nobody else: no path has more than one relay, none has a loop.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "snapshot/node_config.hpp"

namespace rap::snapshot {

// A node that more nodes than this dial is a bootstrap peer to them: they come back to it within
// seconds to minutes instead of at once (CH-9).
inline constexpr std::ptrdiff_t kBootstrapCrowd = 200;

// A node that was approved. One that is disabled takes part in nothing; its neighbours are told of
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

  // And takes part in it.
  bool has(policy::NodeRole role) const;
};

struct ModelPool {
  EgressPoolId id;
  std::vector<NodeId> members;
};

struct ClusterModel {
  std::uint64_t version = 0;
  ClusterId cluster;
  std::string trust_bundle_pem;
  std::vector<TokenKey> token_keys;
  std::vector<ModelNode> nodes;
  std::vector<ModelPool> pools;
  std::vector<Resource> resources;
  std::vector<Revocation> revocations = {};

  std::uint64_t trust_bundle_version = 1;
  std::uint64_t trust_bundle_floor = 1;
  std::uint64_t revocation_version = 0;
  std::uint64_t route_epoch = 0;
  std::uint64_t route_epoch_floor = 0;
  std::int64_t valid_for_s = kDefaultValidForS;
};

// nullopt when the node does not take part. Lists come out sorted by id (next hops: the egress
// itself first), so that equal models give equal configurations.
std::optional<NodeConfig> build_node_config(const ClusterModel& model, NodeId node,
                                            WallTime issued_at);

}  // namespace rap::snapshot
