// Routers that tell each other of routes, over memory.
//
//   entry ── 1 ── 2 ── 3 ── egress
//                 └── 4 ─────┘
#include "node/router/route_exchange.hpp"

#include <gtest/gtest.h>

#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

constexpr std::size_t kRelays = 4;

class RouteExchangeTest : public RouterTest {
 protected:
  struct Relay {
    NodeId id;
    std::unique_ptr<WorldNode> node;
  };
  crypto::PrivateKey node_key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  std::vector<Relay> relays;

  void SetUp() override {
    RouterTest::SetUp();
    for (const Hop& hop : std::exchange(hops, {})) {
      hop.a->router.link_down(hop.on_a, FlowReason::peer_lost);
      hop.b->router.link_down(hop.on_b, FlowReason::peer_lost);
    }
    for (std::size_t i = 0; i < kRelays; ++i)
      relays.push_back({NodeId::random(rng), std::make_unique<WorldNode>(rng, kWall - 100s)});
    for (WorldNode* n : all()) {
      n->router.set_node_key(node_key);  // what the others sign with is nobody's concern
      n->router.tick(now, wall);
    }
  }
  std::vector<WorldNode*> all() {
    std::vector<WorldNode*> nodes{&entry, &egress};
    for (Relay& relay : relays) nodes.push_back(relay.node.get());
    return nodes;
  }
  // Everybody may have every relay as a neighbour; no next hop is configured.
  void configure(bool with_origins = true) {
    std::vector<snapshot::Peer> peers;
    for (const Relay& relay : relays)
      peers.push_back({.node = relay.id, .roles = {NodeRole::relay}});
    peers.push_back({.node = entry_id, .roles = {NodeRole::entry}});
    peers.push_back({.node = egress_id, .roles = {NodeRole::egress}});
    for (std::size_t i = 0; i < kRelays; ++i) {
      relays[i].node->config.cluster = cluster;
      relays[i].node->config.node = relays[i].id;
      relays[i].node->config.roles = {NodeRole::relay};
    }
    for (WorldNode* n : all()) {
      n->config.routes.clear();
      n->config.peers = peers;
      n->config.origins.clear();
      if (with_origins) n->config.origins = {{egress_id, {node_key.public_key().pem()}}};
      n->router.configure(n->config);
    }
  }
  WorldNode& relay_no(std::size_t i) { return *relays[i - 1].node; }
  NodeId id_of(std::size_t i) { return relays[i - 1].id; }
  void join_chain() {
    connect(entry, entry_id, relay_no(1), id_of(1));
    connect(relay_no(1), id_of(1), relay_no(2), id_of(2));
    connect(relay_no(2), id_of(2), relay_no(3), id_of(3));
    connect(relay_no(3), id_of(3), egress, egress_id);
  }
  void join_bypass() {
    connect(relay_no(2), id_of(2), relay_no(4), id_of(4));
    connect(relay_no(4), id_of(4), egress, egress_id);
  }
  void run_for(Duration time) {
    for (const MonoTime until = now + time; now < until; now += 10ms) {
      for (WorldNode* n : all()) {
        if (n->port.routes <= now) n->router.routes_due(now);
      }
      run();
    }
  }
  void lose(std::size_t i) {
    for (const Hop& hop : hops) {
      if (hop.a != &relay_no(i) && hop.b != &relay_no(i)) continue;
      hop.a->router.link_down(hop.on_a, FlowReason::peer_lost);
      hop.b->router.link_down(hop.on_b, FlowReason::peer_lost);
    }
    std::erase_if(hops, [&](const Hop& h) { return h.a == &relay_no(i) || h.b == &relay_no(i); });
  }
  std::size_t known_at(WorldNode& node) {
    const auto* core = node.router.exchange().core();
    return core == nullptr ? 0 : core->destinations();
  }
  FlowAtClient& asks() {
    FlowAtClient& flow = new_flow();
    open(dial(), flow, sign(token()));
    return flow;
  }
};

TEST_F(RouteExchangeTest, AFlowCrossesThreeRelaysThatNoConfigurationNamed) {
  configure();
  join_chain();
  run_for(1s);
  say(open(dial()), "hello");
  EXPECT_EQ(target().received, "hello");
}

TEST_F(RouteExchangeTest, WithoutOriginsNobodyLearnsAnythingAndNothingIsSaid) {
  configure(false);
  join_chain();
  run_for(1s);
  EXPECT_EQ(asks().refused, FlowReason::no_route);
  for (const Hop& hop : hops) EXPECT_EQ(hop.bytes, 0U);
}

TEST_F(RouteExchangeTest, AnotherWayIsTakenWhenARelayDies) {
  configure();
  join_chain();
  join_bypass();
  run_for(1s);
  FlowAtClient& flow = open(dial());
  const auto route =
      relay_no(2).router.exchange().core()->selected(egress_id, wire::ClassGroup::interactive);
  const std::size_t first = route->next_hop == id_of(3) ? 3 : 4;
  say(flow, "one ");
  lose(first);
  run();
  EXPECT_EQ(flow.over.at(flow.number), FlowReason::peer_lost);
  run_for(1s);
  resume(dial(), flow);
  say(flow, "two");
  EXPECT_EQ(target().received, "one two");
}

TEST_F(RouteExchangeTest, NoWayLeadsOverALinkThatTakesNoNewFlow) {
  configure();
  join_chain();
  run_for(1s);
  open(dial());
  const Hop last = hops.back();
  last.a->router.set_link_policy(last.on_a, wire::TrafficClassSet::all(), false);
  run_for(1s);
  EXPECT_FALSE(entry.router.exchange().core()->selected(egress_id, wire::ClassGroup::interactive));
  last.a->router.set_link_policy(last.on_a, wire::TrafficClassSet::all(), true);
  run_for(3s);
  open(dial());
}

TEST_F(RouteExchangeTest, AnEgressIsToldOfNothing) {
  configure();
  join_chain();
  run_for(30s);
  EXPECT_EQ(known_at(entry), 1U);
  EXPECT_EQ(known_at(egress), 0U);
}

TEST_F(RouteExchangeTest, ANodeThatDoesNotRelaySpeaksOfItselfAlone) {
  configure();
  connect(entry, entry_id, relay_no(1), id_of(1));
  run_for(1s);
  wire::RouteUpdate lie;
  lie.destination = egress_id;
  lie.hops = 1;
  lie.metrics = {1, 1};
  lie.origin.number = {1, 1};
  const auto signature =
      crypto::sign(node_key, wire::origin_statement(cluster, egress_id, lie.origin.number));
  std::ranges::copy(signature, lie.origin.signature.begin());
  Bytes frame = frame_of(FrameType::route, 0, wire::RouteMessage{{lie}, {}}.encode(),
                         TrafficClass::route_control);
  EXPECT_TRUE(relay_no(1).router.on_frame(hops.back().on_b, **wire::next_frame(frame), now, wall));
  EXPECT_EQ(known_at(relay_no(1)), 0U);
}

TEST_F(RouteExchangeTest, WhatAnotherKeySignedIsNotBelieved) {
  egress.router.set_node_key(crypto::PrivateKey::generate(crypto::KeyType::p256));
  configure();
  join_chain();
  run_for(1s);
  EXPECT_EQ(known_at(relay_no(3)), 0U);
  EXPECT_GT(relay_no(3).router.exchange().core()->counters().bad_signatures, 0U);
  egress.router.set_node_key(node_key);
  run_for(1s);
  open(dial());
}

TEST_F(RouteExchangeTest, ARouteFrameOfAnotherClassOrOfAClientBreaksTheProtocol) {
  configure();
  join_chain();
  Bytes frame = frame_of(FrameType::route, 0, Bytes(200), TrafficClass::input);
  EXPECT_FALSE(entry.router.on_frame(hops[0].on_a, **wire::next_frame(frame), now, wall));
  Bytes of_client = frame_of(FrameType::route, 0, Bytes(200), TrafficClass::route_control);
  EXPECT_FALSE(entry.router.on_frame(dial().link, **wire::next_frame(of_client), now, wall));
}

TEST_F(RouteExchangeTest, WhatANewerChannelTookThePlaceOfIsNotHeard) {
  configure();
  join_chain();
  run_for(1s);
  const Hop old = hops[0];
  connect(entry, entry_id, relay_no(1), id_of(1));
  run_for(1s);
  EXPECT_EQ(known_at(entry), 1U);
  Bytes frame = frame_of(FrameType::route, 0, Bytes(200), TrafficClass::route_control);
  EXPECT_TRUE(entry.router.on_frame(old.on_a, **wire::next_frame(frame), now, wall));
  EXPECT_EQ(entry.router.board().idle_frames()[static_cast<std::size_t>(IdleFrame::route)], 1U);
  entry.router.link_down(old.on_a, FlowReason::peer_lost);
  relay_no(1).router.link_down(old.on_b, FlowReason::peer_lost);
  hops.erase(hops.begin());
  open(dial());
}

}  // namespace
}  // namespace rap::router
