// Egress pools: the nodes that reach an organization's resources.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/core/problem.hpp"
#include "control/http/schema.hpp"
#include "crypto/sealing/x25519.hpp"

namespace rap::control {

struct NodeName {
  NodeId id;
  std::string name;
};

// A node that serves a pool.
struct ServingNode {
  EgressPoolId pool;
  NodeName node;
  std::optional<OrganizationId> organization;  // whose host it is; nullopt: the platform's
};

// The nodes of a pool as somebody is told of them: by name, or only how many.
struct PoolNodes {
  std::vector<NodeName> named;
  std::optional<std::size_t> of_platform;  // besides; nullopt: all are named
};

// A node that a client may open flows at, and the key that it seals them for.
struct FlowEgress {
  NodeId node;
  crypto::X25519Public flow_key{};
  bool operator==(const FlowEgress&) const = default;
};

struct EgressPool {
  EgressPoolId id;
  ClusterId cluster;  // its nodes are of this one
  OrganizationId organization;
  std::string name;
  WallTime created_at{};
  std::optional<PoolNodes> nodes = {};  // nullopt: not asked for
  bool disabled = false;
};

// Tells who acts for the platform of all by name, and an organization of its own hosts; topology is
// the platform's (docs/decisions/told-not-asked.md).
void tell_of_nodes(std::vector<EgressPool>& pools, const std::vector<ServingNode>& serving,
                   bool is_platform);

Fields egress_pool_fields();
nlohmann::json to_json(const EgressPool& pool);

class EgressPoolRepository {
 public:
  virtual ~EgressPoolRepository() = default;
  virtual bool create(const EgressPool& pool) = 0;  // false: name taken
  virtual std::optional<EgressPool> find(OrganizationId organization, std::string_view key) = 0;
  virtual bool exists(EgressPoolId pool) = 0;  // in whichever organization that is seen
  virtual std::vector<EgressPool> list(OrganizationId organization) = 0;
  // Those of all its pools, by name: under the platform's scope.
  virtual std::vector<ServingNode> serving(OrganizationId organization) = 0;
  virtual std::size_t count_nodes(EgressPoolId pool) = 0;  // under the platform's scope
  virtual bool add_node(const EgressPool& pool, NodeId node) = 0;  // false: a member already
  virtual bool remove_node(const EgressPool& pool, NodeId node) = 0;  // false: it was no member
  virtual void rename(const EgressPool& pool, std::string_view name) = 0;
  // Nobody reaches what is behind it, whatever was granted, until it is enabled again.
  virtual void disable(const EgressPool& pool, WallTime now) = 0;
  virtual void enable(const EgressPool& pool) = 0;
  // One that no resource leads through, with its nodes: under the platform's scope.
  virtual void remove(const EgressPool& pool) = 0;
  // The pool's nodes that new flows may go to, sorted by id: approved, in the egress role, not
  // draining, and with a key. Under the platform's scope.
  virtual std::vector<FlowEgress> egresses(EgressPoolId pool) = 0;
  virtual std::size_t count(OrganizationId organization) = 0;
  // The nodes of all pools together, one that serves several counted in each; for the platform.
  virtual std::size_t count_memberships() = 0;
};

// The refusal where there is none of that name or id.
std::unexpected<Problem> no_pool(const std::string& key);

}  // namespace rap::control
