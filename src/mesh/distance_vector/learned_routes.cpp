#include "mesh/distance_vector/learned_routes.hpp"

namespace rap::routes {

using mesh::FlowRoute;
using mesh::Query;
using mesh::RouteKind;
using Takes = std::function<bool(const FlowRoute&)>;

bool LearnedRoutes::visit(const Query& query, const Takes& takes) const {
  if (const auto* egress = std::get_if<NodeId>(&query.to)) return visit(*egress, query, takes);
  const auto& members = configured_.members(std::get<EgressPoolId>(query.to));
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (visit(members[(query.spread + i) % members.size()], query, takes)) return true;
  }
  return false;
}

bool LearnedRoutes::visit(NodeId egress, const Query& query, const Takes& takes) const {
  const wire::ClassGroup group = wire::group_of(query.traffic_class);
  if (core_ == nullptr || !core_->selected(egress, group))
    return configured_.visit({egress, query.traffic_class}, takes);
  return core_->visit(egress, group, [&](const SelectedRoute& route) {
    const bool direct = route.next_hop == egress;
    return takes({egress, route.next_hop, direct ? RouteKind::direct : RouteKind::relay});
  });
}

}  // namespace rap::routes
