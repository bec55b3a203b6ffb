// What one node is told (SN-1): built by the control plane per node, signed, verified by the
// node-agent, handed to rap-fabric. Least knowledge: a field a role does not need stays empty, and
// build.cpp has a test per role of what must not be inside.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/sealing/sealing.hpp"
#include "mesh/configured_routes.hpp"
#include "policy/protocols.hpp"
#include "policy/roles.hpp"
#include "snapshot/configuration/documents.hpp"
#include "wire/json_value.hpp"
#include "wire/severity.hpp"
#include "wire/traffic_class.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kNodeConfigType = "application/vnd.rap.node-config+json";
inline constexpr std::size_t kMaxPeers = 8192;  // a relay's; a cluster has 5,000 nodes
inline constexpr std::size_t kMaxRoutes = 8192;
inline constexpr std::size_t kMaxNextHops = 256;
inline constexpr std::size_t kMaxOrigins = 4096;
inline constexpr std::size_t kMaxOriginKeys = 4;
inline constexpr std::size_t kMaxOriginKeyText = 1024;
inline constexpr std::size_t kMaxPools = 4096;
inline constexpr std::size_t kMaxPoolMembers = 256;
inline constexpr std::size_t kMaxResources = 16384;
inline constexpr std::size_t kMaxTokenKeys = 16;
inline constexpr std::size_t kMaxEndpoints = 8;  // of one peer
inline constexpr std::size_t kMaxRevocations = 4096;
inline constexpr std::size_t kMaxPemText = std::size_t{64} * 1024;

struct TokenKey {
  std::string kid;
  std::string public_key_pem;
  bool operator==(const TokenKey&) const = default;
};

// A neighbour this node has a channel with.
struct Peer {
  NodeId node = {};
  std::vector<policy::NodeRole> roles = {};
  bool dial = false;                   // this node opens the channel; else it waits for the peer
  std::vector<std::string> endpoints = {};  // "host:port", only when dial
  wire::TrafficClassSet classes = {};       // what the channel may carry at most
  bool draining = false;               // place nothing new on it
  bool disabled = false;               // taken out by an administrator: no channel, no classes
  bool bootstrap = false;              // many nodes dial it: no stampede
  bool operator==(const Peer&) const = default;
};

using ConfiguredRoute = mesh::ConfiguredRoute;

// A node that this one may learn routes to, or (itself) tell of, and the keys with which it signs
// that it is there: the one of its certificate, and the one of the next.
struct ConfiguredOrigin {
  NodeId node;
  std::vector<std::string> public_keys_pem;
  bool operator==(const ConfiguredOrigin&) const = default;
};

// Entry only: which egress nodes serve a pool, and their flow keys.
struct PoolMember {
  NodeId node;
  crypto::X25519Public seal_key{};
  bool operator==(const PoolMember&) const = default;
};
struct KeyedPool {
  EgressPoolId id;
  std::vector<PoolMember> members;
  bool operator==(const KeyedPool&) const = default;
};

// Egress only: a target this node may open. One of a protocol that this release does not know is
// left out when a configuration is read: nothing here could open it.
struct ConfiguredResource {
  ResourceId id;
  OrganizationId organization;
  EgressPoolId pool;
  policy::Protocol protocol = policy::Protocol::tcp;
  std::string host;      // IP literal or DNS name, as the egress resolves it
  std::uint16_t port = 0;
  bool operator==(const ConfiguredResource&) const = default;
};

// What is no longer to be trusted, whatever its certificate says (CH-13). A kind has its own
// members and leaves the others empty.
enum class RevocationKind : std::uint8_t { node, certificate, key };
inline constexpr std::array<std::string_view, 3> kRevocationKindNames = {"node", "certificate",
                                                                         "key"};
constexpr std::string_view to_string(RevocationKind kind) {
  return name_in(kRevocationKindNames, kind);
}
constexpr std::optional<RevocationKind> revocation_kind_from(std::string_view name) {
  return value_in<RevocationKind>(kRevocationKindNames, name);
}

struct Revocation {
  RevocationKind kind = RevocationKind::node;
  NodeId node = {};         // of kind node
  crypto::Sha256 issuer{};  // of kind certificate: over the issuer's name in DER
  std::string serial = {};  // of kind certificate: lower-case hex, no leading zero bytes
  crypto::Sha256 key{};     // of kind key: over the SubjectPublicKeyInfo in DER
  wire::Severity severity = wire::Severity::close;
  bool operator==(const Revocation&) const = default;
};

// The configuration may be acted on for this long after it was issued.
inline constexpr std::int64_t kDefaultValidForS = 86'400;
inline constexpr std::int64_t kMaxValidForS = std::int64_t{30} * 86'400;

// What a new channel may carry while the control plane is out of reach (CH-14).
constexpr wire::TrafficClassSet default_degraded_classes() {
  using enum wire::TrafficClass;
  wire::TrafficClassSet classes = wire::TrafficClassSet::all();
  return classes.without({vpn_packet, update_fetch, storage_fetch});
}

struct NodeConfig {
  std::uint64_t version = 0;  // grows with every change in the cluster
  ClusterId cluster;
  NodeId node;
  std::string node_name;
  std::int64_t issued_at = 0;  // unix seconds
  std::int64_t valid_for_s = kDefaultValidForS;
  std::vector<policy::NodeRole> roles;
  bool draining = false;            // this node takes nothing new
  std::int64_t drain_deadline = 0;  // unix seconds: then what is left is closed; 0: never
  wire::TrafficClassSet degraded_classes = default_degraded_classes();
  std::uint64_t peer_directory_version = 0;
  std::uint64_t trust_bundle_version = 0;
  std::uint64_t trust_bundle_floor = 0;  // a peer that announces less is stale
  std::uint64_t revocation_version = 0;
  std::uint64_t route_epoch = 0;
  std::uint64_t route_epoch_floor = 0;  // a peer that announces less is stale
  std::string trust_bundle_pem;      // every root in force: two while it is rotated
  std::vector<TokenKey> token_keys;  // entry and egress
  std::vector<Peer> peers;
  std::vector<ConfiguredRoute> routes;
  std::vector<ConfiguredOrigin> origins = {};  // none: routes are those of the configuration alone
  std::vector<KeyedPool> pools;  // entry
  std::vector<ConfiguredResource> resources;  // egress
  std::vector<Revocation> revocations;
  std::vector<DocumentRef> documents = {};  // of other types, in force together with this
  bool operator==(const NodeConfig&) const = default;

  bool has_role(policy::NodeRole role) const;
};

wire::JsonValue to_value(const NodeConfig& config);
std::string to_json(const NodeConfig& config);

// A member in which two configurations differ. Of a list it has the part in which they do: what
// both begin and end with is left out.
struct DifferingMember {
  std::string_view name;
  wire::JsonValue one;
  wire::JsonValue other;
  std::optional<std::size_t> begins;  // of a list: where that part begins
};
std::vector<DifferingMember> differing_members(const NodeConfig& one,
                                               const NodeConfig& other);  // by name
// Strict: every member, no other, no duplicate, within the limits above. The error is a sentence
// that names the member: 'member "peers[3].node" is missing'.
std::expected<NodeConfig, std::string> parse_node_config(std::string_view json);
// The same of a text that was parsed already, by parse_strict_json.
std::expected<NodeConfig, std::string> read_node_config(const wire::JsonValue& value);

}  // namespace rap::snapshot
