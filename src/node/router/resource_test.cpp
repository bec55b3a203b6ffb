#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class ResourceTest : public RouterTest {};

TEST_F(ResourceTest, AnAdapterIsGivenTheResourceAndWhatMayBeDoneThere) {
  snapshot::AppPolicy policy;
  policy.classes = {TrafficClass::input, TrafficClass::clipboard};
  egress.router.set_policies({{resource.organization, policy}});
  open(dial());
  const adapters::ResourceRequest& opened = target().request;
  EXPECT_EQ(opened.resource, resource.id);
  EXPECT_EQ(opened.protocol, policy::Protocol::ssh);
  EXPECT_EQ(opened.settings, (adapters::ResourceSettings{"10.0.0.5", 22}));
  EXPECT_EQ(opened.traffic_class, TrafficClass::input);
  EXPECT_EQ(opened.policy.classes, wire::TrafficClassSet{TrafficClass::input})
      << "the token allows file_transfer and the organization does not; clipboard the reverse";
}

TEST_F(ResourceTest, WithoutAPolicyTheTokenAloneSaysWhatMayBeDone) {
  open(dial());
  EXPECT_EQ(target().request.policy.classes, token().classes);
}

TEST_F(ResourceTest, OfAProtocolThatTheEgressDoesNotKnowIsNotOpened) {
  egress.config.node_name = "egress";
  egress.config.trust_bundle_pem = "roots";
  std::string told = to_json(egress.config);
  const std::string known = R"("protocol":"ssh")";
  told.replace(told.find(known), known.size(), R"("protocol":"gopher")");
  const auto read = snapshot::parse_node_config(told);
  ASSERT_TRUE(read) << read.error();
  egress.router.configure(*read);
  EXPECT_EQ(refused(sign(token())), FlowReason::wrong_resource);
  expect_no_flow_anywhere();
}

TEST_F(ResourceTest, ThatTheEgressHasNoAdapterForIsNotOpened) {
  NoFlush port;
  Router router(port, {}, rng, wall - 100s);
  router.replace_security({}, true, true, wall);
  router.configure(egress.config);
  router.set_seal_key(seal_key);
  const LinkId link = *router.node_up(relay_id, wire::TrafficClassSet::all(), flow::LabelSide::odd);
  const std::string t = sign(token());
  Bytes frame = attach_frame(first_message(new_flow(), t), t, false, 2);
  EXPECT_TRUE(router.on_frame(link, **wire::next_frame(frame), now, wall));
  EXPECT_EQ(router.egress().flows().size(), 0U);
  EXPECT_EQ(router.board().refusals()[static_cast<std::size_t>(FlowReason::wrong_resource)], 1U);
}

TEST_F(ResourceTest, ATargetIsReleasedWhenItsFlowIsDoneBothWays) {
  FlowAtClient& flow = open(dial());
  say(flow, "goodbye");
  flow.end->finish(now);
  run();
  EXPECT_TRUE(target().finished);
  EXPECT_FALSE(target().released);
  egress.targets.end(target());
  run();
  EXPECT_TRUE(target().released);
  EXPECT_FALSE(target().closed) << "what was written is still to be delivered";
  pass(100ms);
  expect_no_flow_anywhere();
}

TEST_F(ResourceTest, ATargetThatEndedFirstIsReleasedToo) {
  FlowAtClient& flow = open(dial());
  egress.targets.end(target());
  run();
  flow.end->finish(now);
  run();
  EXPECT_TRUE(target().finished);
  EXPECT_TRUE(target().released);
  EXPECT_FALSE(target().closed);
  pass(100ms);
  expect_no_flow_anywhere();
}

TEST_F(ResourceTest, ATargetIsClosedWhenTheClientEndsItsFlow) {
  FlowAtClient& flow = open(dial());
  flow.end->end(now, FlowReason::peer_lost);
  run();
  EXPECT_TRUE(target().closed);
  EXPECT_FALSE(target().released);
}

}  // namespace
}  // namespace rap::router
