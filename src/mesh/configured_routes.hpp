// The ways that the control plane configured: next hops by egress, and the members of pools.
#pragma once

#include <unordered_map>
#include <vector>

#include "mesh/routing.hpp"

namespace rap::mesh {

// Where a flow for an egress node goes next.
struct ConfiguredRoute {
  NodeId egress;
  std::vector<NodeId> next_hops;  // neighbours, preferred first
  bool operator==(const ConfiguredRoute&) const = default;
};

struct ConfiguredPool {
  EgressPoolId id;
  std::vector<NodeId> members;
};

class ConfiguredRoutes final : public Routing {
 public:
  // Replaces what was configured before.
  void configure(NodeId self, const std::vector<ConfiguredRoute>& routes,
                 const std::vector<ConfiguredPool>& pools);

  bool visit(const Query& query, const std::function<bool(const FlowRoute&)>& takes) const override;
  // None of a pool that is not known.
  const std::vector<NodeId>& members(EgressPoolId pool) const;

 private:
  bool visit(NodeId egress, const std::function<bool(const FlowRoute&)>& takes) const;

  NodeId self_;
  std::unordered_map<NodeId, std::vector<NodeId>> next_hops_;
  std::unordered_map<EgressPoolId, std::vector<NodeId>> members_;
};

}  // namespace rap::mesh
