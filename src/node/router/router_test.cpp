// What relays do with flows, and what becomes of those whose way is closed.
#include "node/router/router.hpp"

#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

TEST_F(RouterTest, WithoutAChannelToAnEgressThereIsNoRoute) {
  ClientLine& line = dial();
  entry.router.link_down(hops[0].on_a, FlowReason::peer_lost);
  FlowAtClient& flow = new_flow();
  open(line, flow, sign(token()));
  EXPECT_EQ(flow.refused, FlowReason::no_route);
}

TEST_F(RouterTest, AnUnknownLabelIsResetAndHurtsNoOtherFlow) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  says(entry, line.link, frame_of(FrameType::data, 77, Bytes(20)));
  run();
  ASSERT_FALSE(line.came.empty());
  EXPECT_EQ(line.came.back().header.type, FrameType::reset);
  EXPECT_EQ(line.came.back().header.label, 77U);
  EXPECT_EQ(wire::decode_reason(line.came.back().payload), FlowReason::unknown_label);
  say(flow, "still here");
  EXPECT_EQ(target().received, "still here");
}

TEST_F(RouterTest, DataBeforeTheFlowIsAcceptedIsAViolation) {
  ClientLine& line = dial();
  FlowAtClient& flow = new_flow();
  const std::string t = sign(token());
  ask(line, flow, FrameType::flow_request,
      wire::FlowRequest{egress_id, t, first_message(flow, t)}.encode());
  carry_up(line);
  says(entry, line.link, frame_of(FrameType::data, flow.label, Bytes(20)));
  carry_down(line);
  EXPECT_EQ(flow.refused, FlowReason::protocol_error);
}

TEST_F(RouterTest, AClientThatGoesAwayLeavesItsFlowsHeld) {
  open(dial());
  entry.router.link_down(lines.front()->link, FlowReason::peer_lost);
  lines.front()->closed = true;
  run();
  EXPECT_EQ(entry.router.entry().flows().size(), 0U);
  EXPECT_EQ(egress.router.egress().held().held(), 1U);
  EXPECT_FALSE(target().closed);
}

TEST_F(RouterTest, ARelayNeverSendsAFlowBackWhereItCameFrom) {
  relay.config.routes = {{egress_id, {entry_id}}};
  relay.router.configure(relay.config);
  EXPECT_EQ(refused(sign(token())), FlowReason::no_route);
}

TEST_F(RouterTest, TheHopLimitEndsALoop) {
  EXPECT_TRUE(says(relay, hops[0].on_b, attach_frame(Bytes(64), "", false, 1001, 1)));
  EXPECT_EQ(refusals(relay, FlowReason::hop_limit), 1U);
}

TEST_F(RouterTest, AClassTheChannelMayNotCarryIsRefusedByTheReceiverToo) {
  relay.router.set_link_policy(hops[0].on_b, {TrafficClass::render}, true);
  EXPECT_EQ(refused(sign(token())), FlowReason::channel_class_denied);
}

TEST_F(RouterTest, NarrowingAChannelEndsThePathsItMayNoLongerCarry) {
  FlowAtClient& flow = open(dial());
  relay.router.set_link_policy(hops[1].on_b, {TrafficClass::render}, true);
  run();
  EXPECT_EQ(flow.over.at(flow.number), FlowReason::channel_class_denied);
  EXPECT_EQ(egress.router.egress().held().held(), 1U) << "another way may carry it";
}

}  // namespace
}  // namespace rap::router
