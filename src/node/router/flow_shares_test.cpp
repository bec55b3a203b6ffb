// One person with many clients, and everybody else.
#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class FlowSharesTest : public RouterTest {
 protected:
  static constexpr std::size_t kWanted = kMaxFlowsOfAUser + 10;

  std::string token_of(UserId user) {
    auto t = token();
    t.user = user;
    return sign(t);
  }
  // Asks for so many flows, over as many clients as it takes; nothing is moved.
  void ask_for(std::size_t flows, UserId user) {
    LinkId from = 0;
    for (std::size_t i = 0; i < flows; ++i) {
      const std::size_t on_client = i % kMaxFlowsPerClient;
      if (on_client == 0) {
        from = *entry.router.client_up(policy::IpAddress::parse("203.0.113.8"));
        clients.push_back(from);
      }
      Bytes frame = frame_of(FrameType::flow_request, static_cast<std::uint32_t>(2 * on_client + 1),
                             as_bytes(token_of(user)));
      entry.router.on_frame(from, **wire::next_frame(frame), now, wall);
    }
  }
  std::size_t at_entry() { return entry.router.entry().flows().size(); }
  std::size_t at_egress() { return egress.router.egress().flows().size(); }
  static std::uint64_t refused(WorldNode& node) {
    return node.router.board().refusals()[static_cast<std::size_t>(FlowReason::limit_reached)];
  }

  std::vector<LinkId> clients;
};

TEST_F(FlowSharesTest, APersonTakesNotAllThePlacesOfAnEntry) {
  const UserId greedy = UserId::random(rng);
  ask_for(kWanted, greedy);
  EXPECT_EQ(at_entry(), kMaxFlowsOfAUser);
  EXPECT_EQ(refused(entry), kWanted - kMaxFlowsOfAUser);
  ask_for(1, UserId::random(rng));
  EXPECT_EQ(at_entry(), kMaxFlowsOfAUser + 1) << "others get in";
  // What has ended counts no more.
  entry.router.link_down(clients.front(), FlowReason::peer_lost);
  ask_for(kMaxFlowsPerClient, greedy);
  EXPECT_EQ(at_entry(), kMaxFlowsOfAUser + 1);
  EXPECT_EQ(refused(entry), kWanted - kMaxFlowsOfAUser);
}

TEST_F(FlowSharesTest, NorOfAnEgressThroughSeveralEntries) {
  const UserId greedy = UserId::random(rng);
  ask_for(kMaxFlowsOfAUser, greedy);
  settle();
  ASSERT_EQ(at_egress(), kMaxFlowsOfAUser);
  // The entry forgets them, as one that starts anew, and asks for more of the same person's.
  entry.router.link_down(hops[0].on_a, FlowReason::peer_lost);
  hops.erase(hops.begin());
  ASSERT_EQ(at_entry(), 0U);
  connect(entry, entry_id, relay, relay_id);
  ask_for(1, greedy);
  settle();
  EXPECT_EQ(at_egress(), kMaxFlowsOfAUser);
  EXPECT_EQ(refused(egress), 1U);
  ask_for(1, UserId::random(rng));
  settle();
  EXPECT_EQ(at_egress(), kMaxFlowsOfAUser + 1) << "others get in";
}

}  // namespace
}  // namespace rap::router
