// A few nodes joined by hand, for the tests of the distance vector: messages go at once or when a
// test says so, and every signature is one that a test can make.
#pragma once

#include <map>
#include <vector>

#include "base/seeded_random.hpp"
#include "mesh/distance_vector/distance_vector.hpp"

namespace rap::routes {

NodeId node_named(char name);
// Signs with the name of the destination: enough to be told from another's.
OriginKeys::Signature signature_of(NodeId destination, ByteView statement);

class TestKeys final : public OriginKeys {
 public:
  explicit TestKeys(NodeId self) : self_(self) {}
  Verified verify(NodeId destination, ByteView statement, const Signature& s) const override {
    ++verified;
    if (unknown.contains(destination)) return Verified::no_key;
    return s == signature_of(destination, statement) ? Verified::good : Verified::wrong;
  }
  Signature sign(ByteView statement) override { return signature_of(self_, statement); }
  std::set<NodeId> unknown;
  mutable std::size_t verified = 0;

 private:
  NodeId self_;
};

class TestPolicy final : public RoutePolicy {
 public:
  bool accepts(NodeId neighbour, NodeId destination) const override {
    return !unaccepted.contains({neighbour, destination});
  }
  bool permits(NodeId neighbour, NodeId, ClassGroup group) const override {
    return !unpermitted.contains({neighbour, group});
  }
  bool tells(NodeId neighbour, NodeId destination) const override {
    return !untold.contains({neighbour, destination});
  }
  std::set<std::pair<NodeId, NodeId>> unaccepted;
  std::set<std::pair<NodeId, ClassGroup>> unpermitted;
  std::set<std::pair<NodeId, NodeId>> untold;
};

// The nodes have letters for names; those of `destinations` are destinations.
class TestMesh {
 public:
  explicit TestMesh(std::string_view names, std::string_view destinations = "S",
                    std::uint8_t max_hops = 8);

  void join(char a, char b, RouteMetric cost) { join(a, b, {cost, cost}); }
  void join(char a, char b, LinkCosts costs);
  void part(char a, char b);
  void measure(char a, char b, RouteMetric cost);
  // Nothing that `from` sends arrives at `to` from now on.
  void mute(char from, char to) { muted_.insert({from, to}); }
  void run_for(Duration time);
  void drive(char name, const Event& event);
  std::vector<Action> hear(char at, char from, const wire::RouteMessage& message);

  // "B 2": the next hop and the metric; empty: no route.
  std::string route(char at, char to = 'S', ClassGroup group = ClassGroup::interactive) const;
  DistanceVector& core(char name) { return *nodes_.at(name).core; }
  TestPolicy& policy(char name) { return nodes_.at(name).policy; }
  TestKeys& keys(char name) { return *nodes_.at(name).keys; }
  // A node begins anew, under that epoch; its links are gone.
  void restart(char name, std::uint64_t epoch);
  MonoTime now() const { return now_; }
  std::vector<action::RefuseNeighbour> refused;
  std::map<std::pair<char, char>, std::vector<wire::RouteMessage>> sent;  // by sender and receiver

  static wire::RouteUpdate update(char destination, OriginNumber number, RouteMetric metric,
                                  std::uint8_t hops = 1);
  static constexpr std::uint64_t kEpoch = 7;
  static const ClusterId kCluster;

 private:
  struct Member {
    DistanceVectorSettings settings;
    TestPolicy policy;
    std::unique_ptr<TestKeys> keys;
    std::unique_ptr<SeededRandom> rng;
    std::unique_ptr<DistanceVector> core;
  };
  void carry_out(char name, std::vector<Action> actions);
  void deliver();

  struct Letter {
    char from;
    char to;
    Bytes payload;
  };
  std::map<char, Member> nodes_;
  std::set<std::pair<char, char>> joined_;
  std::set<std::pair<char, char>> muted_;
  std::vector<Letter> letters_;
  MonoTime now_{Duration{1s}};
};

}  // namespace rap::routes
