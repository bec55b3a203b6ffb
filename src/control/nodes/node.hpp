// Nodes as the platform sees them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "base/time.hpp"
#include "control/core/metrics.hpp"
#include "crypto/sealing/sealing.hpp"
#include "policy/roles.hpp"

namespace rap::control {

// A revoked node never comes back; its name may be given to another.
enum class NodeState : std::uint8_t { invited, pending, approved, denied, disabled, revoked };
inline constexpr std::array<std::string_view, 6> kNodeStateNames = {
    "invited", "pending", "approved", "denied", "disabled", "revoked"};
constexpr std::string_view to_string(NodeState state) { return name_in(kNodeStateNames, state); }
constexpr std::optional<NodeState> node_state_from(std::string_view name) {
  return value_in<NodeState>(kNodeStateNames, name);
}

// Who may disable a node. A host of an organization has both, a node of the platform the first.
enum class NodeSide : std::uint8_t { platform, organization };
inline constexpr std::array<std::string_view, 2> kNodeSideNames = {"platform", "organization"};
constexpr std::string_view to_string(NodeSide side) { return name_in(kNodeSideNames, side); }

struct DisabledBy {
  bool platform = false;
  bool organization = false;
  bool anybody() const { return platform || organization; }
};

// The life of the newest certificate of a kind that is not revoked.
struct CertificateLife {
  WallTime from{};
  WallTime until{};
};

struct Node {
  NodeId id;
  std::string name;
  std::optional<OrganizationId> organization;  // whose host it is; nullopt: the platform's
  std::string organization_name;
  NodeState state = NodeState::invited;
  DisabledBy disabled_by;  // of a disabled one
  std::vector<policy::NodeRole> roles;
  std::optional<crypto::X25519Public> seal_key;
  std::string data_plane_advertise;
  std::string fabric_advertise;
  WallTime created_at{};
  bool draining = false;
  std::optional<WallTime> drain_deadline;  // then what is left is closed

  // These are from its last check-in. The JSON texts are shown as they came.
  WallTime checked_in_at{};
  std::string versions = "{}";
  std::string metrics = "{}";
  std::string metadata = "{}";
  std::string observations = "{}";
  std::string incarnations = "{}";  // nodes/notices/incarnations.hpp
  std::string certificate_serial;  // with which it came
  std::uint64_t acked_config_version = 0;
  std::uint64_t wanted_config_version = 0;  // the cluster's
  std::string config_error;
  std::optional<CertificateLife> own_certificate;
  std::optional<CertificateLife> worker_certificate;  // that clients are shown
  WallTime history_began{};  // the cluster's (core/history_loss.hpp); WallTime{}: in the first one

  bool has_role(policy::NodeRole role) const;
};

// The routes in force, and the oldest a neighbour may still go by (CH-7).
struct RouteEpochs {
  std::uint64_t current = 0;
  std::uint64_t floor = 0;
};

// A pool that a node serves.
struct ServedPool {
  OrganizationId organization;
  std::string organization_name;
  EgressPoolId id;
  std::string name;
};

class NodeRepository {
 public:
  virtual ~NodeRepository() = default;
  virtual bool create(const Node& node) = 0;  // false: name taken
  virtual std::optional<Node> find(std::string_view key) = 0;
  virtual std::vector<Node> list() = 0;
  virtual std::vector<Node> list_of(OrganizationId organization) = 0;
  // Approved nodes in the entry role that do not drain, most recently heard of first.
  // The entries that clients are sent to. One whose certificate for clients is revoked or expired
  // is none of them until it has another (PK-8).
  virtual std::vector<Node> entries() = 0;
  // Nobody has disabled what is in another state than disabled.
  virtual void set_state(NodeId node, NodeState state, WallTime now) = 0;
  virtual void set_disabled_by(NodeId node, DisabledBy by) = 0;
  // Sets it for a node that was never approved.
  virtual void set_organization(NodeId node, std::optional<OrganizationId> organization) = 0;
  virtual std::vector<ServedPool> pools_of(NodeId node) = 0;
  virtual void rename(NodeId node, std::string_view name) = 0;
  // Egress ranges are set for a node of this name: they would not be those of another name.
  virtual bool is_named_in_ranges(std::string_view name) = 0;
  // A revoked one, which is found and listed no more.
  virtual void remove(NodeId node, WallTime now) = 0;
  virtual void set_roles(NodeId node, const std::vector<policy::NodeRole>& roles) = 0;
  virtual void set_draining(NodeId node, bool draining, std::optional<WallTime> deadline) = 0;
  // Every node must know the routes of now; who does not is refused by those who do.
  virtual RouteEpochs require_current_routes() = 0;
  // The values of node_names that hold in the cluster.
  virtual std::vector<std::string> name_policies(ClusterId cluster) = 0;
  // Where members of the cluster are reached that are another owner's: "host:port".
  virtual std::vector<std::string> addresses_of_others(std::optional<OrganizationId> owner) = 0;
  virtual std::vector<StateCount> count_by_state() = 0;
};

}  // namespace rap::control
