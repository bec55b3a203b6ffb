#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

using CountsOfRoles = std::array<std::uint64_t, policy::kNodeRoleNames.size()>;

class OpenedFlows : public RouterTest {};

TEST_F(OpenedFlows, AreCountedByWhatEachNodeIsToThem) {
  request(1, sign(token()));
  request(3, sign(token()));
  auto wrong = token();
  wrong.resource = ResourceId::random(rng);
  request(5, sign(wrong));
  EXPECT_EQ(entry.router.board().opened(), (CountsOfRoles{2, 0, 0}))
      << "what is refused was not opened";
  EXPECT_EQ(relay.router.board().opened(), (CountsOfRoles{0, 2, 0}));
  EXPECT_EQ(egress.router.board().opened(), (CountsOfRoles{0, 0, 2}));
}

TEST_F(OpenedFlows, AreNoneWhileTheTargetIsDialled) {
  Bytes frame = frame_of(FrameType::flow_request, 1, as_bytes(sign(token())));
  entry.router.on_frame(client, **wire::next_frame(frame), now, wall);
  settle(false);
  EXPECT_EQ(entry.router.board().opened(), CountsOfRoles{});
  EXPECT_EQ(egress.router.board().opened(), CountsOfRoles{});
  settle();
  EXPECT_EQ(entry.router.board().opened(), (CountsOfRoles{1, 0, 0}));
}

TEST_F(OpenedFlows, ComeOfClientsWhichAreTheLinksThatAreNoLanes) {
  const LinkId another = *entry.router.client_up();
  EXPECT_EQ(entry.router.board().clients(), 2U);
  EXPECT_EQ(relay.router.board().clients(), 0U);
  entry.router.link_down(another, FlowReason::peer_lost);
  EXPECT_EQ(entry.router.board().clients(), 1U);
}

}  // namespace
}  // namespace rap::router
