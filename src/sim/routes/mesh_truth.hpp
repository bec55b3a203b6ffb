// A mesh as it is: who stands where, which links there are and what they cost, what policy permits,
// and the nearest ways through it, found by Dijkstra's algorithm from what no node knows as a
// whole.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.hpp"
#include "base/seeded_random.hpp"
#include "base/time.hpp"
#include "mesh/distance_vector/link_costs.hpp"
#include "mesh/distance_vector/ports.hpp"

namespace rap::sim {

using namespace std::chrono_literals;
using routes::ClassGroup;
using routes::LinkCosts;
using routes::RouteMetric;

struct MeshPlan {
  std::uint64_t seed = 1;
  std::size_t relays = 12;
  std::size_t leaves = 18;
  std::size_t destinations = 6;  // the first of the leaves
  std::size_t pool = 3;  // destinations that another leaf may reach
  std::size_t degree = 3;  // relays that a relay dials, the nearest ones
  std::size_t uplinks = 2;  // relays that a leaf dials
  unsigned forbidden_permille = 30;  // pairs of relay and destination, by group
};

struct MeshNode {
  NodeId id;
  bool relay = false;
  bool destination = false;
  std::set<NodeId> pool;  // a leaf may reach these
  double x = 0;  // seconds of light, so to speak: latency grows with distance
  double y = 0;
};

// The dialler is end 0.
struct MeshLink {
  std::array<std::size_t, 2> ends{};
  LinkCosts costs{};
  Duration latency{0};

  std::size_t end_of(std::size_t node) const { return ends[0] == node ? 0 : 1; }
};

class MeshTruth {
 public:
  explicit MeshTruth(const MeshPlan& plan);

  const std::vector<MeshNode>& nodes() const { return nodes_; }
  std::vector<MeshLink>& links() { return links_; }
  const std::vector<MeshLink>& links() const { return links_; }
  const std::vector<std::size_t>& destinations() const { return destinations_; }
  std::size_t index(NodeId id) const { return by_id_.at(id); }
  // A link gets other figures.
  void remeasure(MeshLink& link, SeededRandom& rng, std::uint32_t factor_permille) const;

  // Is a node to know a way to the destination?
  bool may_reach(std::size_t node, NodeId destination) const;
  // May flows for the destination go by way of that node? Each version of policy says otherwise.
  bool permits(std::uint64_t policy, NodeId by, NodeId destination, ClassGroup group) const;
  // The metric of each node, kUnreachable where there is no way.
  std::vector<RouteMetric> nearest(std::size_t destination, ClassGroup group,
                                   std::uint64_t policy) const;

 private:
  void connect(std::size_t from, std::size_t count, SeededRandom& rng);

  MeshPlan plan_;
  std::vector<MeshNode> nodes_;
  std::vector<MeshLink> links_;
  std::vector<std::vector<std::size_t>> links_of_;
  std::vector<std::size_t> destinations_;
  std::map<NodeId, std::size_t> by_id_;
};

// Keys that need no cryptography: a signature is a hash over a secret and the statement, and only
// this class makes one.
class PretendedKeys final : public routes::OriginKeys {
 public:
  PretendedKeys(std::uint64_t secret, NodeId self) : secret_(secret), self_(self) {}

  routes::Verified verify(NodeId destination, ByteView statement,
                          const Signature& signature) const override;
  Signature sign(ByteView statement) override { return made(self_, statement); }
  bool believes_everything = false;  // a planted fault

 private:
  Signature made(NodeId destination, ByteView statement) const;

  std::uint64_t secret_;
  NodeId self_;
};

}  // namespace rap::sim
