// What a node and its neighbours tell each other of routes: puts the distance vector between the
// channels of the node and its configuration, which says of whom something may be learned at all
// and with which keys they sign. A node whose configuration names nobody learns nothing.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/keys/keys.hpp"
#include "mesh/distance_vector/learned_routes.hpp"
#include "node/router/switchboard.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::router {

// Route frames wait beside the queue while more than this waits in it, and are tried again so soon.
inline constexpr std::size_t kMaxRoutesQueued = kMaxAnswers / 2;
inline constexpr Duration kRoutesRetry = std::chrono::milliseconds{10};
// A link of which nothing was measured yet counts as one of this round trip.
inline constexpr std::uint32_t kAssumedRoundTripUs = 50'000;

class RouteExchange final : private routes::RoutePolicy, private routes::OriginKeys {
 public:
  // The node's epochs begin with the moment it started.
  RouteExchange(Switchboard& board, LinkPort& port, routes::LearnedRoutes& routing,
                RandomSource& rng, WallTime started);

  // The node signs with this key that it is where it is.
  void set_key(const crypto::PrivateKey& key);
  void configure(const snapshot::NodeConfig& config);
  // Every later call is of this moment.
  void advance(MonoTime now) { now_ = now; }
  // What is due by now is done; LinkPort::routes_at says when the next is.
  void wake();

  // A link to another node is there, is gone, or may carry something else now.
  void link_up(const Link& link);
  void link_down(const Link& link);
  void links_changed();
  void measured(NodeId neighbour, const routes::LinkFigures& figures);
  // False: nothing that a neighbour may send.
  bool frame(const Link& link, const wire::FrameView& frame);

  const routes::DistanceVector* core() const { return core_.get(); }

 private:
  bool accepts(NodeId neighbour, NodeId destination) const override;
  bool permits(NodeId neighbour, NodeId destination, wire::ClassGroup group) const override;
  bool tells(NodeId neighbour, NodeId destination) const override;
  routes::Verified verify(NodeId destination, ByteView statement,
                          const Signature& signature) const override;
  Signature sign(ByteView statement) override;

  // A neighbour speaks over the interactive lane of its newest channel.
  struct Neighbour {
    LinkId link = 0;
    routes::LinkFigures figures{.latency_us = kAssumedRoundTripUs};
    std::array<bool, wire::kClassGroups> usable{};
    std::deque<Bytes> waiting;
  };
  // What the configuration says of routes.
  struct Terms {
    std::vector<snapshot::ConfiguredOrigin> origins;
    std::set<NodeId> relays;  // of the neighbours
    std::set<NodeId> entries;  // likewise
    std::vector<policy::NodeRole> roles;
    std::uint64_t epoch = 0;
    std::uint64_t epoch_floor = 0;
    bool operator==(const Terms&) const = default;
  };
  void begin(const snapshot::NodeConfig& config);
  void step(const routes::Event& event);
  void send_waiting();
  void look_at_links();
  static routes::LinkCosts costs_of(const Neighbour& neighbour);

  Switchboard& board_;
  LinkPort& port_;
  routes::LearnedRoutes& routing_;
  RandomSource& rng_;
  std::uint64_t epoch_;
  MonoTime now_{};
  std::optional<crypto::PrivateKey> key_;
  Terms terms_;
  std::map<NodeId, std::vector<crypto::PublicKey>> origins_;
  bool is_destination_ = false;
  bool is_transit_ = false;
  std::map<NodeId, Neighbour> neighbours_;
  std::unique_ptr<routes::DistanceVector> core_;
};

}  // namespace rap::router
