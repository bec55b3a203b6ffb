// Policy as one simulated node has been told of it: others may have been told of a newer one.
#pragma once

#include "sim/routes/mesh_truth.hpp"

namespace rap::sim {

class LocalPolicy final : public routes::RoutePolicy {
 public:
  LocalPolicy(const MeshTruth& truth, std::size_t self, std::uint64_t first)
      : version(first), truth_(truth), self_(self) {}

  bool accepts(NodeId neighbour, NodeId destination) const override {
    if (!truth_.may_reach(self_, destination)) return false;
    return neighbour == destination || truth_.nodes()[truth_.index(neighbour)].relay;
  }
  bool permits(NodeId neighbour, NodeId destination, ClassGroup group) const override {
    return truth_.permits(version, neighbour, destination, group);
  }
  bool tells(NodeId neighbour, NodeId destination) const override {
    return truth_.may_reach(truth_.index(neighbour), destination);
  }

  std::uint64_t version;

 private:
  const MeshTruth& truth_;
  std::size_t self_;
};

}  // namespace rap::sim
