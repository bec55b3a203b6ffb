// What one node is told (SN-1): built by the control plane per node, signed, verified by the
// node-agent, handed to rap-fabric. Least knowledge: a field a role does not need stays empty, and
// build.cpp has a test per role of what must not be inside.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "crypto/sealing.hpp"
#include "policy/roles.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kNodeConfigType = "application/vnd.rap.node-config+json";
inline constexpr std::size_t kMaxPeers = 256;
inline constexpr std::size_t kMaxRoutes = 4096;
inline constexpr std::size_t kMaxNextHops = kMaxPeers;
inline constexpr std::size_t kMaxPools = 4096;
inline constexpr std::size_t kMaxPoolMembers = 256;
inline constexpr std::size_t kMaxResources = 16384;
inline constexpr std::size_t kMaxTokenKeys = 16;
inline constexpr std::size_t kMaxEndpoints = 8;  // of one peer
inline constexpr std::size_t kMaxPemText = std::size_t{64} * 1024;

struct TokenKey {
  std::string kid;
  std::string public_key_pem;
  bool operator==(const TokenKey&) const = default;
};

// A neighbour this node has a channel with.
struct Peer {
  NodeId node;
  std::vector<policy::NodeRole> roles;
  bool dial = false;                   // this node opens the channel; else it waits for the peer
  std::vector<std::string> endpoints;  // "host:port", only when dial
  bool operator==(const Peer&) const = default;
};

// Where a frame for an egress node goes next.
struct Route {
  NodeId egress;
  std::vector<NodeId> next_hops;  // neighbours, preferred first
  bool operator==(const Route&) const = default;
};

// Entry only: which egress nodes serve a pool, and the keys flows to them are sealed with.
struct PoolMember {
  NodeId node;
  crypto::X25519Public seal_key{};
  bool operator==(const PoolMember&) const = default;
};
struct EgressPool {
  EgressPoolId id;
  std::vector<PoolMember> members;
  bool operator==(const EgressPool&) const = default;
};

// Egress only: a target this node may open.
struct Resource {
  ResourceId id;
  OrganizationId organization;
  EgressPoolId pool;
  std::string protocol;  // "ssh", "tcp"
  std::string host;      // IP literal or DNS name, as the egress resolves it
  std::uint16_t port = 0;
  bool operator==(const Resource&) const = default;
};

struct NodeConfig {
  std::uint64_t version = 0;  // grows with every change in the cluster
  ClusterId cluster;
  NodeId node;
  std::string node_name;
  std::int64_t issued_at = 0;  // unix seconds
  std::vector<policy::NodeRole> roles;
  std::string trust_bundle_pem;      // platform roots
  std::vector<TokenKey> token_keys;  // entry and egress
  std::vector<Peer> peers;
  std::vector<Route> routes;
  std::vector<EgressPool> pools;     // entry
  std::vector<Resource> resources;   // egress
  bool operator==(const NodeConfig&) const = default;

  bool has_role(policy::NodeRole role) const;
};

std::string to_json(const NodeConfig& config);
// Strict: every member, no other, no duplicate, within the limits above. The error is a sentence
// that names the member: 'member "peers[3].node" is missing'.
std::expected<NodeConfig, std::string> parse_node_config(std::string_view json);

}  // namespace rap::snapshot
