// One person with many clients, and everybody else.
#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class FlowSharesTest : public RouterTest {
 protected:
  static constexpr std::size_t kWanted = kMaxFlowsOfAUser + 10;

  // Asks for so many flows, over as many clients as it takes; nothing is moved.
  void ask_for(std::size_t flows, UserId of) {
    for (std::size_t i = 0; i < flows; ++i) {
      if (i % kMaxFlowsPerClient == 0) dial();
      auto t = token();
      t.user = of;
      const std::string text = sign(t);
      FlowAtClient& flow = new_flow();
      ask(*lines.back(), flow, FrameType::flow_request,
          wire::FlowRequest{egress_id, text, first_message(flow, text)}.encode());
      carry_up(*lines.back());
    }
  }
  std::size_t at_entry() { return entry.router.entry().flows().size(); }
  std::size_t at_egress() { return egress.router.egress().flows().size(); }
  static std::uint64_t refused(WorldNode& node) {
    return refusals(node, FlowReason::limit_reached);
  }
};

TEST_F(FlowSharesTest, APersonTakesNotAllThePlacesOfAnEntry) {
  const UserId greedy = UserId::random(rng);
  ask_for(kWanted, greedy);
  EXPECT_EQ(at_entry(), kMaxFlowsOfAUser);
  EXPECT_EQ(refused(entry), kWanted - kMaxFlowsOfAUser);
  ask_for(1, UserId::random(rng));
  EXPECT_EQ(at_entry(), kMaxFlowsOfAUser + 1) << "others get in";
  // What has ended counts no more.
  entry.router.link_down(lines.front()->link, FlowReason::peer_lost);
  ask_for(kMaxFlowsPerClient, greedy);
  EXPECT_EQ(at_entry(), kMaxFlowsOfAUser + 1);
  EXPECT_EQ(refused(entry), kWanted - kMaxFlowsOfAUser);
}

TEST_F(FlowSharesTest, NorOfAnEgressThroughSeveralEntries) {
  const UserId greedy = UserId::random(rng);
  ask_for(kMaxFlowsOfAUser, greedy);
  run();
  ASSERT_EQ(at_egress(), kMaxFlowsOfAUser);
  // The entry forgets them, as one that starts anew, and asks for more of the same person's.
  entry.router.link_down(hops[0].on_a, FlowReason::peer_lost);
  hops.erase(hops.begin());
  ASSERT_EQ(at_entry(), 0U);
  connect(entry, entry_id, relay, relay_id);
  ask_for(1, greedy);
  run();
  EXPECT_EQ(at_egress(), kMaxFlowsOfAUser);
  EXPECT_EQ(refused(egress), 1U);
  ask_for(1, UserId::random(rng));
  run();
  EXPECT_EQ(at_egress(), kMaxFlowsOfAUser + 1) << "others get in";
}

}  // namespace
}  // namespace rap::router
