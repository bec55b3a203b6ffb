// Flows from a client through an entry and a relay to an egress, and on over
// another path.
#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class CarriedFlow : public RouterTest {};

TEST_F(CarriedFlow, CarriesBytesBothWaysAndEndsCleanly) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  EXPECT_EQ(target().address(), "10.0.0.5:22");
  say(flow, "hello target");
  EXPECT_EQ(target().received, "hello target");
  answer("hello client");
  EXPECT_EQ(flow.heard, "hello client");
  EXPECT_EQ(egress.targets.take(target(), 100), "hello target");
  flow.end->finish(now);
  run();
  EXPECT_TRUE(target().finished);
  answer("last words");
  egress.targets.end(target());
  pass(100ms);
  EXPECT_EQ(flow.heard, "hello clientlast words");
  EXPECT_TRUE(flow.finished);
  EXPECT_TRUE(flow.ended);
  EXPECT_FALSE(flow.why) << wire::to_string(*flow.why);
  EXPECT_TRUE(target().released);
  expect_no_flow_anywhere();
  EXPECT_EQ(egress.router.egress().held().size(), 0U);
  EXPECT_EQ(entry.router.board().opened(), (std::array<std::uint64_t, 3>{1, 0, 0}));
  EXPECT_EQ(relay.router.board().opened(), (std::array<std::uint64_t, 3>{0, 1, 0}));
  EXPECT_EQ(egress.router.board().opened(), (std::array<std::uint64_t, 3>{0, 0, 1}));
}

TEST_F(CarriedFlow, IsReadByNoNodeBetween) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  say(flow, "a secret that must not be seen");
  answer("another secret to hide");
  EXPECT_EQ(flow.heard, "another secret to hide");
  for (const Received& r : line.came) {
    EXPECT_EQ(as_text(r.payload).find("secret"), std::string_view::npos)
        << "the entry itself sees no more than what it hands on";
  }
  EXPECT_EQ(as_text(on_the_wire).find("secret"), std::string_view::npos);
}

TEST_F(CarriedFlow, GoesOnThroughAnotherEntryWhenItsOwnIsLost) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  say(flow, "typed before, ");
  cut(line);
  EXPECT_EQ(egress.router.egress().held().held(), 1U);
  EXPECT_FALSE(target().closed);
  answer("said meanwhile, ");
  flow.end->take(now, as_bytes("typed meanwhile, "));
  pass(3s, 100ms);
  ClientLine& other = dial(second, second_id);
  resume(other, flow);
  ASSERT_TRUE(flow.accepted);
  say(flow, "and typed after");
  answer("and after");
  EXPECT_EQ(target().received, "typed before, typed meanwhile, and typed after");
  EXPECT_EQ(flow.heard, "said meanwhile, and after");
  EXPECT_EQ(egress.router.egress().held().held(), 0U);
  EXPECT_EQ(second.router.board().resumed()[0], 1U);
  EXPECT_EQ(egress.router.board().resumed()[2], 1U);
  EXPECT_EQ(entry.router.entry().flows().size(), 0U);
  EXPECT_EQ(second.router.entry().flows().size(), 1U);
}

TEST_F(CarriedFlow, IsHeldAsLongAsPolicySaysAndItsTargetIsThenClosed) {
  snapshot::AppPolicy policy;
  policy.flow_hold = 20s;
  egress.router.set_policies({{resource.organization, policy}});
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  cut(line);
  pass(19s, 1s);
  EXPECT_FALSE(target().closed);
  pass(1s, 1s);
  EXPECT_TRUE(target().closed);
  EXPECT_EQ(egress.router.egress().endings()[static_cast<std::size_t>(FlowReason::hold_expired)],
            1U);
  ClientLine& other = dial(second, second_id);
  resume(other, flow);
  EXPECT_EQ(flow.refused, FlowReason::hold_expired) << "its client alone hears why";
  flow_key = crypto::X25519KeyPair::generate(rng);
  resume(other, flow);
  EXPECT_EQ(flow.refused, FlowReason::unknown_flow);
  expect_no_flow_anywhere();
}

TEST_F(CarriedFlow, IsTakenOverWhileItsOldPathStillStands) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  say(flow, "one ");
  ClientLine& other = dial(second, second_id);
  resume(other, flow);
  say(flow, "two");
  answer("back");
  pass(100ms);
  EXPECT_EQ(target().received, "one two");
  EXPECT_EQ(flow.heard, "back");
  EXPECT_EQ(entry.router.entry().flows().size(), 0U) << "the older path is over";
  EXPECT_EQ(second.router.entry().flows().size(), 1U);
  EXPECT_FALSE(flow.ended);
}

TEST_F(CarriedFlow, LosesItsPathAndNothingElseWithTheRelay) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  say(flow, "one ");
  relay.router.link_down(hops[1].on_b, FlowReason::peer_lost);
  egress.router.link_down(hops[1].on_a, FlowReason::peer_lost);
  run();
  EXPECT_EQ(flow.over.at(flow.number), FlowReason::peer_lost);
  EXPECT_FALSE(flow.ended);
  EXPECT_EQ(egress.router.egress().held().held(), 1U);
  connect(egress, egress_id, relay, relay_id);
  resume(line, flow);
  say(flow, "two");
  EXPECT_EQ(target().received, "one two");
}

TEST_F(CarriedFlow, ThatIsAlteredOnTheWayLosesItsPathAlone) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  tamper = true;
  say(flow, "changed on the way");
  EXPECT_EQ(target().received, "");
  EXPECT_EQ(flow.over.at(flow.number), FlowReason::seal_failed);
  tamper = false;
  ASSERT_EQ(egress.router.ledger().told().events.size(), 1U);
  EXPECT_EQ(egress.router.ledger().told().events[0].kind, wire::SecurityEventKind::seal_broken);
  resume(line, flow);
  EXPECT_EQ(target().received, "changed on the way");
}

TEST_F(CarriedFlow, WhoseTargetFailsIsRefusedByTheEgressAndAsksNoOtherByItself) {
  ClientLine& line = dial();
  FlowAtClient& flow = new_flow();
  const std::string t = sign(token());
  const Bytes first = first_message(flow, t);
  ask(line, flow, FrameType::flow_request, wire::FlowRequest{egress_id, t, first}.encode());
  carry_up(line);
  settle_nodes();
  ASSERT_EQ(egress.targets.opening.size(), 1U);
  egress.targets.fail(egress.targets.opening.front(), adapters::TargetFailure::refused);
  run();
  EXPECT_EQ(flow.refused, FlowReason::target_refused);
  expect_no_flow_anywhere();
}

TEST_F(CarriedFlow, ThatIsResetWhileItsTargetIsDialledClosesIt) {
  ClientLine& line = dial();
  FlowAtClient& flow = new_flow();
  const std::string t = sign(token());
  const Bytes first = first_message(flow, t);
  ask(line, flow, FrameType::flow_request, wire::FlowRequest{egress_id, t, first}.encode());
  carry_up(line);
  settle_nodes();
  line.up.append({FrameType::reset, TrafficClass::input, 1, flow.label},
                 wire::encode_reason(FlowReason::setup_timeout));
  carry_up(line);
  settle_nodes();
  EXPECT_TRUE(target().closed);
  run();
  expect_no_flow_anywhere();
}

TEST_F(CarriedFlow, ThatNobodyAnswersIsRefusedInTime) {
  ClientLine& line = dial();
  FlowAtClient& flow = new_flow();
  const std::string t = sign(token());
  const Bytes first = first_message(flow, t);
  ask(line, flow, FrameType::flow_request, wire::FlowRequest{egress_id, t, first}.encode());
  carry_up(line);
  now += kFlowSetupTimeout;
  entry.router.tick(now, wall);
  carry_down(line);
  EXPECT_EQ(flow.refused, FlowReason::setup_timeout);
  EXPECT_EQ(entry.router.entry().flows().size(), 0U);
}

TEST_F(CarriedFlow, WhoseTargetIsLostEndsOnceTheClientHasWhatItSaid) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  cut(line);
  answer("the last thing it said");
  egress.targets.reset(target());
  run();
  EXPECT_EQ(egress.router.egress().flows().size(), 1U) << "the client has not got it";
  resume(dial(second, second_id), flow);
  pass(100ms);
  EXPECT_EQ(flow.heard, "the last thing it said");
  EXPECT_TRUE(flow.ended);
  EXPECT_EQ(flow.why, FlowReason::target_reset);
  expect_no_flow_anywhere();
}

TEST_F(CarriedFlow, OfANodeThatIsEntryAndEgressAtOnceGoesOverItsOwnLinks) {
  WorldNode both{rng, kWall - 100s};
  both.config = entry.config;
  both.config.node = egress_id;
  both.config.roles = {NodeRole::entry, NodeRole::egress};
  both.config.resources = {resource};
  both.router.configure(both.config);
  both.router.set_seal_key(seal_key);
  ClientLine& line = dial(both, egress_id);
  FlowAtClient& flow = new_flow();
  auto t = token();
  t.entry = egress_id;
  const auto deliver = [&] {
    for (int i = 0; i < 4; ++i) {
      carry_up(line);
      both.router.deliver_loopback(now, wall);
      while (!both.targets.opening.empty()) both.targets.accept(both.targets.opening.front());
      both.router.deliver_loopback(now, wall);
      carry_down(line);
    }
  };
  const std::string text = sign(t);
  const Bytes first = first_message(flow, text);
  ask(line, flow, FrameType::flow_request, wire::FlowRequest{egress_id, text, first}.encode());
  deliver();
  ASSERT_TRUE(flow.accepted);
  flow.end->take(now, as_bytes("hello"));
  deliver();
  EXPECT_EQ(both.targets.all.begin()->second->received, "hello");
  both.router.end_session(session, wall);
  EXPECT_TRUE(both.targets.all.begin()->second->closed);
}

}  // namespace
}  // namespace rap::router
