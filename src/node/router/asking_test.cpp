// Which neighbours may ask for flows at all.
#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class Asking : public RouterTest {
 protected:
  Asking() {
    other.config.cluster = cluster;
    other.config.node = other_id;
    other.config.roles = {NodeRole::egress};
    other.router.configure(other.config);
  }
  void SetUp() override {
    RouterTest::SetUp();
    relay.config.peers = {{.node = entry_id, .roles = {NodeRole::entry}},
                          {.node = egress_id, .roles = {NodeRole::egress}},
                          {.node = other_id, .roles = {NodeRole::egress}}};
    relay.router.configure(relay.config);
    connect(other, other_id, relay, relay_id);
  }
  // What the other egress says to the relay.
  bool other_asks() {
    Bytes frame = frame_of(FrameType::flow_open, 1,
                           wire::FlowOpen{egress_id, wire::FlowOpen::kMaxHops, Bytes(64)}.encode());
    return relay.router.on_frame(hops[2].on_b, **wire::next_frame(frame), now, wall);
  }

  NodeId other_id = NodeId::random(rng);
  WorldNode other{rng, kWall - 100s};
};

TEST_F(Asking, OfAnEgressGetsToNoOther) {
  EXPECT_TRUE(other_asks());
  EXPECT_TRUE(relay.router.queue(hops[1].on_b).empty()) << "nothing is passed on";
  EXPECT_FALSE(relay.router.queue(hops[2].on_b).empty()) << "it is told no";
  settle();
  EXPECT_TRUE(egress.router.ledger().told().events.empty()) << "and nobody else is blamed";
  expect_no_flow_anywhere();
  request(1, sign(token()));
  ASSERT_FALSE(at_client.empty());
  EXPECT_EQ(at_client.back().header.type, FrameType::flow_accept) << "an entry asks as ever";
}

TEST_F(Asking, OfAnEgressThatIsAnEntryTooIsAnEntrys) {
  relay.config.peers[2].roles = {NodeRole::entry, NodeRole::egress};
  relay.router.configure(relay.config);
  EXPECT_TRUE(other_asks());
  EXPECT_FALSE(relay.router.queue(hops[1].on_b).empty());
}

}  // namespace
}  // namespace rap::router
