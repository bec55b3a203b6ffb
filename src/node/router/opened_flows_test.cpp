#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

using CountsOfRoles = std::array<std::uint64_t, policy::kNodeRoleNames.size()>;

class OpenedFlows : public RouterTest {};

TEST_F(OpenedFlows, AreCountedByWhatEachNodeIsToThem) {
  ClientLine& line = dial();
  open(line);
  open(line);
  auto wrong = token();
  wrong.resource = ResourceId::random(rng);
  refused(sign(wrong));
  EXPECT_EQ(entry.router.board().opened(), (CountsOfRoles{2, 0, 0}))
      << "what is refused was not opened";
  EXPECT_EQ(relay.router.board().opened(), (CountsOfRoles{0, 2, 0}));
  EXPECT_EQ(egress.router.board().opened(), (CountsOfRoles{0, 0, 2}));
}

TEST_F(OpenedFlows, AreNoneWhileTheTargetIsDialled) {
  FlowAtClient& flow = new_flow();
  ClientLine& line = dial();
  const std::string t = sign(token());
  ask(line, flow, FrameType::flow_request,
      wire::FlowRequest{egress_id, t, first_message(flow, t)}.encode());
  carry_up(line);
  settle_nodes();
  EXPECT_EQ(entry.router.board().opened(), CountsOfRoles{});
  EXPECT_EQ(egress.router.board().opened(), CountsOfRoles{});
  run();
  EXPECT_EQ(entry.router.board().opened(), (CountsOfRoles{1, 0, 0}));
}

TEST_F(OpenedFlows, ComeOfClientsWhichAreTheLinksThatAreNoLanes) {
  dial();
  const LinkId another = *entry.router.client_up();
  EXPECT_EQ(entry.router.board().clients(), 2U);
  EXPECT_EQ(relay.router.board().clients(), 0U);
  entry.router.link_down(another, FlowReason::peer_lost);
  EXPECT_EQ(entry.router.board().clients(), 1U);
}

}  // namespace
}  // namespace rap::router
