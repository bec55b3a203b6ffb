// Which way a flow goes, as the node has learned it from its neighbours, and as it was configured
// for as long as nothing is learned of where the flow ends.
#pragma once

#include "mesh/configured_routes.hpp"
#include "mesh/distance_vector/distance_vector.hpp"

namespace rap::routes {

class LearnedRoutes final : public mesh::Routing {
 public:
  explicit LearnedRoutes(const mesh::ConfiguredRoutes& configured) : configured_(configured) {}

  // nullptr: the node learns nothing.
  void learn_from(const DistanceVector* core) { core_ = core; }

  bool visit(const mesh::Query& query,
             const std::function<bool(const mesh::FlowRoute&)>& takes) const override;

 private:
  bool visit(NodeId egress, const mesh::Query& query,
             const std::function<bool(const mesh::FlowRoute&)>& takes) const;

  const mesh::ConfiguredRoutes& configured_;
  const DistanceVector* core_ = nullptr;
};

}  // namespace rap::routes
