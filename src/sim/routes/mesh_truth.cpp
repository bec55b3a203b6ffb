#include "sim/routes/mesh_truth.hpp"

#include <algorithm>
#include <cmath>
#include <queue>

#include "mesh/distance_vector/destination_routes.hpp"

namespace rap::sim {
namespace {

constexpr std::uint64_t kFnvPrime = 0x100000001b3ULL;
constexpr std::uint64_t kFnvBasis = 0xcbf29ce484222325ULL;
constexpr std::uint64_t kPermille = 1000;

std::uint64_t hashed(std::uint64_t hash, ByteView bytes) {
  for (const std::uint8_t b : bytes) hash = (hash ^ b) * kFnvPrime;
  return hash;
}

double unit(SeededRandom& rng) { return static_cast<double>(rng.below(1'000'000)) / 1'000'000; }

double apart(const MeshNode& a, const MeshNode& b) { return std::hypot(a.x - b.x, a.y - b.y); }

}  // namespace

MeshTruth::MeshTruth(const MeshPlan& plan) : plan_(plan) {
  SeededRandom rng(plan.seed);
  for (std::size_t i = 0; i < plan.relays + plan.leaves; ++i) {
    MeshNode node;
    node.id = NodeId::random(rng);
    node.relay = i < plan.relays;
    node.destination = !node.relay && i < plan.relays + plan.destinations;
    node.x = unit(rng);
    node.y = unit(rng);
    by_id_.emplace(node.id, i);
    if (node.destination) destinations_.push_back(i);
    nodes_.push_back(node);
  }
  for (MeshNode& node : nodes_) {
    if (node.relay || destinations_.empty()) continue;
    while (node.pool.size() < std::min(plan.pool, destinations_.size() - 1)) {
      const MeshNode& member = nodes_[destinations_[rng.below(destinations_.size())]];
      if (member.id != node.id) node.pool.insert(member.id);
    }
  }
  links_of_.resize(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    connect(i, nodes_[i].relay ? plan.degree : plan.uplinks, rng);
}

// A node dials the nearest relays, and a relay one at random besides: that keeps the mesh small.
void MeshTruth::connect(std::size_t from, std::size_t count, SeededRandom& rng) {
  std::vector<std::pair<double, std::size_t>> near;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (i != from && nodes_[i].relay) near.emplace_back(apart(nodes_[from], nodes_[i]), i);
  }
  std::ranges::sort(near);
  std::set<std::size_t> to;
  for (std::size_t i = 0; i < std::min(count, near.size()); ++i) to.insert(near[i].second);
  if (nodes_[from].relay && !near.empty()) to.insert(near[rng.below(near.size())].second);
  for (const std::size_t other : to) {
    const bool joined = std::ranges::any_of(links_of_[from], [&](std::size_t l) {
      return links_[l].ends[0] == other || links_[l].ends[1] == other;
    });
    if (joined) continue;
    MeshLink link;
    link.ends = {from, other};
    remeasure(link, rng, kPermille);
    links_of_[from].push_back(links_.size());
    links_of_[other].push_back(links_.size());
    links_.push_back(link);
  }
}

void MeshTruth::remeasure(MeshLink& link, SeededRandom& rng, std::uint32_t factor_permille) const {
  const double distance = apart(nodes_[link.ends[0]], nodes_[link.ends[1]]);
  routes::LinkFigures figures;
  const auto base = static_cast<std::uint64_t>(4'000 + distance * 60'000);
  figures.latency_us = static_cast<std::uint32_t>(base * factor_permille / kPermille);
  figures.jitter_us = static_cast<std::uint32_t>(rng.below(500));
  figures.capacity_kbit = static_cast<std::uint32_t>(20'000 + rng.below(1'000'000));
  // What hardly differs is no news to the nodes, so that it is none here.
  const LinkCosts measured = routes::link_costs(figures);
  for (std::size_t g = 0; g < measured.size(); ++g) {
    RouteMetric& cost = link.costs[g];
    const bool moved = routes::is_clearly_better(cost, measured[g]) ||
                       routes::is_clearly_better(measured[g], cost);
    if (moved) cost = measured[g];
  }
  link.latency = std::chrono::microseconds(figures.latency_us / 2);
}

bool MeshTruth::may_reach(std::size_t node, NodeId destination) const {
  const MeshNode& n = nodes_[node];
  return n.id != destination && (n.relay || n.pool.contains(destination));
}

bool MeshTruth::permits(std::uint64_t policy, NodeId by, NodeId destination,
                        ClassGroup group) const {
  if (by == destination) return true;
  std::uint64_t hash = hashed(hashed(kFnvBasis ^ plan_.seed, by.bytes()), destination.bytes());
  hash = (hash ^ static_cast<std::uint64_t>(group) ^ (policy << 8)) * kFnvPrime;
  return (hash >> 20) % kPermille >= plan_.forbidden_permille;
}

std::vector<RouteMetric> MeshTruth::nearest(std::size_t destination, ClassGroup group,
                                            std::uint64_t policy) const {
  std::vector<RouteMetric> found(nodes_.size(), routes::kUnreachable);
  using Entry = std::pair<RouteMetric, std::size_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> next;
  const NodeId target = nodes_[destination].id;
  found[destination] = 0;
  next.emplace(0, destination);
  while (!next.empty()) {
    const auto [metric, node] = next.top();
    next.pop();
    if (metric > found[node]) continue;
    // Nobody goes by way of a leaf, nor where policy does not permit it.
    if (node != destination &&
        (!nodes_[node].relay || !permits(policy, nodes_[node].id, target, group)))
      continue;
    for (const std::size_t l : links_of_[node]) {
      const MeshLink& link = links_[l];
      const std::size_t other = link.ends[1 - link.end_of(node)];
      const RouteMetric by = routes::add(metric, link.costs[static_cast<std::size_t>(group)]);
      if (by >= found[other] || !may_reach(other, target)) continue;
      found[other] = by;
      next.emplace(by, other);
    }
  }
  return found;
}

routes::Verified PretendedKeys::verify(NodeId destination, ByteView statement,
                                       const Signature& signature) const {
  const bool good = believes_everything || made(destination, statement) == signature;
  return good ? routes::Verified::good : routes::Verified::wrong;
}

routes::OriginKeys::Signature PretendedKeys::made(NodeId destination, ByteView statement) const {
  Signature signature{};
  std::uint64_t hash = hashed(hashed(kFnvBasis ^ secret_, destination.bytes()), statement);
  for (std::uint8_t& byte : signature) {
    hash = (hash ^ (hash >> 29)) * kFnvPrime;
    byte = static_cast<std::uint8_t>(hash >> 32);
  }
  return signature;
}

}  // namespace rap::sim
