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
  bool other_asks() { return says(relay, hops[3].on_b, attach_frame(Bytes(64), "", false, 1001)); }

  NodeId other_id = NodeId::random(rng);
  WorldNode other{rng, kWall - 100s};
};

TEST_F(Asking, OfAnEgressGetsToNoOther) {
  EXPECT_TRUE(other_asks());
  EXPECT_TRUE(relay.router.queue(hops[1].on_b).empty()) << "nothing is passed on";
  EXPECT_FALSE(relay.router.queue(hops[3].on_b).empty()) << "it is told no";
  run();
  EXPECT_TRUE(egress.router.ledger().told().events.empty()) << "and nobody else is blamed";
  expect_no_flow_anywhere();
  open(dial());  // an entry asks as ever
}

TEST_F(Asking, OfAnEgressThatIsAnEntryTooIsAnEntrys) {
  relay.config.peers[2].roles = {NodeRole::entry, NodeRole::egress};
  relay.router.configure(relay.config);
  EXPECT_TRUE(other_asks());
  EXPECT_FALSE(relay.router.queue(hops[1].on_b).empty());
}

}  // namespace
}  // namespace rap::router
