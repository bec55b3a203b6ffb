#include "mesh/configured_routes.hpp"

#include <algorithm>

namespace rap::mesh {

void ConfiguredRoutes::configure(NodeId self, const std::vector<ConfiguredRoute>& routes,
                                 const std::vector<ConfiguredPool>& pools) {
  self_ = self;
  next_hops_.clear();
  members_.clear();
  for (const ConfiguredRoute& route : routes) {
    auto& hops = next_hops_[route.egress];
    hops.insert(hops.end(), route.next_hops.begin(), route.next_hops.end());
  }
  for (const ConfiguredPool& pool : pools) members_.try_emplace(pool.id, pool.members);
}

bool ConfiguredRoutes::visit(const Query& query,
                             const std::function<bool(const FlowRoute&)>& takes) const {
  if (const auto* egress = std::get_if<NodeId>(&query.to)) return visit(*egress, takes);
  const std::vector<NodeId>& members = this->members(std::get<EgressPoolId>(query.to));
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (visit(members[(query.spread + i) % members.size()], takes)) return true;
  }
  return false;
}

const std::vector<NodeId>& ConfiguredRoutes::members(EgressPoolId pool) const {
  static const std::vector<NodeId> kNone;
  const auto at = members_.find(pool);
  return at == members_.end() ? kNone : at->second;
}

bool ConfiguredRoutes::visit(NodeId egress,
                             const std::function<bool(const FlowRoute&)>& takes) const {
  if (egress == self_) return takes({egress, self_, RouteKind::itself});
  const auto route = next_hops_.find(egress);
  if (route == next_hops_.end()) return false;
  return std::ranges::any_of(route->second, [&](NodeId hop) {
    return takes({egress, hop, hop == egress ? RouteKind::direct : RouteKind::relay});
  });
}

}  // namespace rap::mesh
