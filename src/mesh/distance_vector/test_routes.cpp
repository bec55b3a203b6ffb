#include "mesh/distance_vector/test_routes.hpp"

#include <algorithm>
#include <utility>

namespace rap::routes {

const ClusterId TestMesh::kCluster{Uuid{0xcc}};

NodeId node_named(char name) {
  Uuid id{};
  id.fill(static_cast<std::uint8_t>(name));
  return NodeId(id);
}

OriginKeys::Signature signature_of(NodeId destination, ByteView statement) {
  OriginKeys::Signature signature{};
  std::uint64_t hash = destination.bytes()[0];
  for (const std::uint8_t b : statement) hash = hash * 31 + b;
  for (std::size_t i = 0; i < 8; ++i) signature[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  return signature;
}

TestMesh::TestMesh(std::string_view names, std::string_view destinations, std::uint8_t max_hops) {
  for (const char name : names) {
    Member& m = nodes_[name];
    m.settings.cluster = kCluster;
    m.settings.self = node_named(name);
    m.settings.is_destination = destinations.contains(name);
    m.settings.is_transit = true;
    m.settings.max_hops = max_hops;
    m.keys = std::make_unique<TestKeys>(m.settings.self);
    m.rng = std::make_unique<SeededRandom>(static_cast<std::uint64_t>(name));
    restart(name, kEpoch);
  }
}

void TestMesh::restart(char name, std::uint64_t epoch) {
  std::vector<std::pair<char, char>> links;
  for (const auto& [a, b] : joined_) {
    if (a == name || b == name) links.emplace_back(a, b);
  }
  for (const auto& [a, b] : links) part(a, b);
  Member& m = nodes_.at(name);
  m.settings.epoch = epoch;
  m.core = std::make_unique<DistanceVector>(now_, m.settings, m.policy, *m.keys, *m.rng);
}

void TestMesh::join(char a, char b, LinkCosts costs) {
  joined_.insert({std::min(a, b), std::max(a, b)});
  drive(a, event::NeighbourUp{node_named(b), costs});
  drive(b, event::NeighbourUp{node_named(a), costs});
  deliver();
}

void TestMesh::part(char a, char b) {
  joined_.erase({std::min(a, b), std::max(a, b)});
  drive(a, event::NeighbourDown{node_named(b)});
  drive(b, event::NeighbourDown{node_named(a)});
  deliver();
}

void TestMesh::measure(char a, char b, RouteMetric cost) {
  drive(a, event::CostsMeasured{node_named(b), {cost, cost}});
  drive(b, event::CostsMeasured{node_named(a), {cost, cost}});
  deliver();
}

void TestMesh::run_for(Duration time) {
  const MonoTime until = now_ + time;
  while (true) {
    deliver();
    MonoTime next = until;
    char who = 0;
    for (const auto& [name, m] : nodes_) {
      if (m.core->next_timeout() >= next) continue;
      next = m.core->next_timeout();
      who = name;
    }
    now_ = std::max(now_, next);
    if (who == 0) return;
    drive(who, event::RoutesDue{});
  }
}

std::vector<Action> TestMesh::hear(char at, char from, const wire::RouteMessage& message) {
  const Bytes payload = message.encode();
  auto actions = core(at).step(now_, event::RoutesReceived{node_named(from), payload});
  carry_out(at, actions);
  return actions;
}

std::string TestMesh::route(char at, char to, ClassGroup group) const {
  const auto route = nodes_.at(at).core->selected(node_named(to), group);
  if (!route) return "";
  const char hop = static_cast<char>(route->next_hop.bytes()[0]);
  return std::string(1, hop) + " " + std::to_string(route->distance.metric);
}

wire::RouteUpdate TestMesh::update(char destination, OriginNumber number, RouteMetric metric,
                                   std::uint8_t hops) {
  wire::RouteUpdate u;
  u.destination = node_named(destination);
  u.metrics = {metric, metric};
  if (metric == kUnreachable) return u;
  u.hops = hops;
  u.origin.number = number;
  u.origin.signature =
      signature_of(u.destination, wire::origin_statement(kCluster, u.destination, number));
  return u;
}

void TestMesh::drive(char name, const Event& event) {
  carry_out(name, core(name).step(now_, event));
}

void TestMesh::carry_out(char name, std::vector<Action> actions) {
  for (const Action& a : actions) {
    if (const auto* s = std::get_if<action::SendRoutes>(&a))
      letters_.push_back({name, static_cast<char>(s->neighbour.bytes()[0]), s->payload});
    if (const auto* r = std::get_if<action::RefuseNeighbour>(&a)) refused.push_back(*r);
  }
}

void TestMesh::deliver() {
  while (!letters_.empty()) {
    for (const Letter& letter : std::exchange(letters_, {})) {
      const auto link =
          std::pair(std::min(letter.from, letter.to), std::max(letter.from, letter.to));
      if (!joined_.contains(link) || muted_.contains({letter.from, letter.to})) continue;
      sent[{letter.from, letter.to}].push_back(*wire::RouteMessage::decode(letter.payload));
      drive(letter.to, event::RoutesReceived{node_named(letter.from), letter.payload});
    }
  }
}

}  // namespace rap::routes
