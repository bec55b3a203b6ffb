#include "node/router/router.hpp"

#include "node/router/router_world.hpp"

#include <set>

namespace rap::router {
namespace {

TEST_F(RouterTest, CarriesBytesBothWaysAndEndsCleanly) {
  request(1, sign(token()));
  ASSERT_EQ(at_client.size(), 1U);
  EXPECT_EQ(at_client[0].header.type, FrameType::flow_accept);
  EXPECT_EQ(target().address(), "10.0.0.5:22");
  data(1, "hello target");
  EXPECT_EQ(target().received, "hello target");
  egress.router.egress().target_data(target_id(), as_bytes("hello client"));
  settle();
  EXPECT_EQ(as_text(at_client.back().payload), "hello client");

  client_sends(FrameType::fin, 1, {});
  EXPECT_TRUE(target().finished);
  egress.router.egress().target_data(target_id(), as_bytes("last words"));
  egress.router.egress().target_ended(target_id());
  settle();
  EXPECT_EQ(at_client.back().header.type, FrameType::fin);
  EXPECT_EQ(as_text(at_client[at_client.size() - 2].payload), "last words");
  expect_no_flow_anywhere();
}

TEST_F(RouterTest, RelaysSeeNeitherContentNorTokenNorTarget) {
  const std::string t = sign(token());
  request(1, t);
  data(1, "a secret that must not be seen");
  egress.router.egress().target_data(target_id(), as_bytes("another secret to hide"));
  settle();
  const std::string_view seen = as_text(on_the_wire);
  EXPECT_GT(seen.size(), 500U);
  for (std::string_view needle : {std::string_view("secret"), std::string_view("10.0.0.5"),
                                  std::string_view(t).substr(0, 24)}) {
    EXPECT_EQ(seen.find(needle), std::string_view::npos) << needle;
  }
}

TEST_F(RouterTest, AdmitsATokenOnce) {
  const std::string t = sign(token());
  request(1, t);
  EXPECT_EQ(at_client.back().header.type, FrameType::flow_accept);
  egress.targets.all.clear();
  request(3, t);
  expect_refused(3, FlowReason::token_replayed);
}

TEST_F(RouterTest, TheEgressRefusesAReplayThatTheEntryLetThrough) {
  const std::string t = sign(token());
  request(1, t);
  egress.targets.all.clear();
  // A compromised entry: it forgot that it admitted the token.
  WorldNode forgetful{rng, kWall - 100s};
  forgetful.config = entry.config;
  forgetful.router.configure(forgetful.config);
  connect(forgetful, entry_id, relay, relay_id);
  const LinkId c = *forgetful.router.client_up();
  Bytes frame = frame_of(FrameType::flow_request, 1, as_bytes(t));
  forgetful.router.on_frame(c, **wire::next_frame(frame), now, wall);
  settle();
  EXPECT_TRUE(egress.targets.all.empty());
  EXPECT_EQ(egress.router.board().refusals()[static_cast<std::size_t>(FlowReason::token_replayed)],
            1U);
}

TEST_F(RouterTest, RefusesEveryKindOfWrongToken) {
  auto t = token();
  t.session_began = t.issued_at = wall - 120s;
  t.expires_at = wall - 60s;
  request(1, sign(t));
  expect_refused(1, FlowReason::token_expired);

  t = token();
  t.expires_at = wall + 3600s;  // longer than any token may live
  request(3, sign(t));
  expect_refused(3, FlowReason::token_expired);

  t = token();
  t.cluster = ClusterId::random(rng);
  request(5, sign(t));
  expect_refused(5, FlowReason::wrong_cluster);

  t = token();
  t.entry = NodeId::random(rng);
  request(7, sign(t));
  expect_refused(7, FlowReason::wrong_entry);

  t = token();
  t.egress_pool = EgressPoolId::random(rng);
  request(9, sign(t));
  expect_refused(9, FlowReason::no_route);

  t = token();
  t.resource = ResourceId::random(rng);
  request(11, sign(t));
  expect_refused(11, FlowReason::wrong_resource);

  t = token();
  t.organization = OrganizationId::random(rng);
  request(13, sign(t));
  expect_refused(13, FlowReason::wrong_resource);

  request(15, sign(token()), TrafficClass::vpn_packet);
  expect_refused(15, FlowReason::channel_class_denied);

  request(17, "not.a.token");
  expect_refused(17, FlowReason::token_invalid);

  const auto other = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  request(19, sign_token(token(), other, "k1"));
  expect_refused(19, FlowReason::token_invalid);
  expect_no_flow_anywhere();
}

TEST_F(RouterTest, EntryAndEgressHoldToTheOrganizationsPolicy) {
  snapshot::AppPolicy policy;
  policy.classes = {TrafficClass::input};
  entry.router.set_policies({{resource.organization, policy}});
  request(1, sign(token()), TrafficClass::file_transfer);
  expect_refused(1, FlowReason::channel_class_denied);
  entry.router.set_policies({});
  egress.router.set_policies({{resource.organization, policy}});
  request(3, sign(token()), TrafficClass::file_transfer);
  expect_refused(3, FlowReason::channel_class_denied);
  request(5, sign(token()));
  EXPECT_EQ(at_client.back().header.type, FrameType::flow_accept) << "what it allows goes on";
  policy.protocols = std::vector{policy::Protocol::tcp};
  egress.router.set_policies({{resource.organization, policy}});
  settle();
  expect_reset(5, FlowReason::wrong_resource);
  egress.router.set_policies({{OrganizationId::random(rng), policy}});
  request(7, sign(token()));
  EXPECT_EQ(at_client.back().header.type, FrameType::flow_accept) << "it is somebody else's policy";
  entry.router.set_flows_per_client(0);
  request(9, sign(token()));
  EXPECT_EQ(wire::decode_reason(at_client.back().payload), FlowReason::limit_reached);
}

// Ends a session at `node` alone, whichever of the two it is.
class SessionLimit : public RouterTest {
 protected:
  std::set<std::uint32_t> ended() const {
    std::set<std::uint32_t> out;
    for (const Received& r : at_client) {
      if (r.header.type == FrameType::flow_accept) continue;
      EXPECT_EQ(wire::decode_reason(r.payload), FlowReason::session_ended);
      out.insert(r.header.label);
    }
    return out;
  }
  void ends_at(WorldNode& node) {
    snapshot::AppPolicy policy;
    policy.max_session = 100s;
    node.router.set_policies({{resource.organization, policy}});
    auto t = token();
    request(1, sign(t));
    wall += 90s;
    auto old = token();
    old.session_began = t.session_began;  // elsewhere, until now
    request(3, sign(old));
    request(5, sign(token()));
    wall += 9s;
    node.router.tick(now, wall);
    settle();
    EXPECT_TRUE(ended().empty());
    wall += 1s;
    node.router.tick(now, wall);
    settle();
    EXPECT_EQ(ended(), (std::set{1U, 3U})) << "the third is of a later session";
    old.id = TokenId::random(rng);
    request(7, sign(old));
    EXPECT_EQ(ended(), (std::set{1U, 3U, 7U}));
  }
};

TEST_F(SessionLimit, TheEntryEndsASessionThatLastedAsLongAsItMay) { ends_at(entry); }

TEST_F(SessionLimit, TheEgressEndsASessionThatLastedAsLongAsItMay) { ends_at(egress); }

TEST_F(RouterTest, ATokenIssuedBeforeTheNodeStartedIsRefused) {
  WorldNode restarted{rng, kWall + 1s};
  restarted.config = entry.config;
  restarted.router.configure(restarted.config);
  const auto check = [&](WorldNode& n) {
    const LinkId c = *n.router.client_up();
    const std::string t = sign(token());
    Bytes frame = frame_of(FrameType::flow_request, 1, as_bytes(t));
    n.router.on_frame(c, **wire::next_frame(frame), now, wall);
    return n.router.board().refusals()[static_cast<std::size_t>(FlowReason::token_replayed)];
  };
  EXPECT_EQ(check(restarted), 1U);
}

TEST_F(RouterTest, TellsTheClientWhyTheTargetCouldNotBeReached) {
  Bytes frame(wire::kFrameHeader);
  const std::string t = sign(token());
  wire::encode_header(
      {FrameType::flow_request, TrafficClass::input, static_cast<std::uint16_t>(t.size()), 3},
      frame.data());
  frame.insert(frame.end(), t.begin(), t.end());
  entry.router.on_frame(client, **wire::next_frame(frame), now, wall);
  settle(false);
  egress.targets.fail(egress.targets.opening.front(), TargetFailure::refused);
  settle();
  expect_refused(3, FlowReason::target_refused);
  expect_no_flow_anywhere();
}

TEST_F(RouterTest, TerminatingTheSessionEndsItsLiveFlowsAndAdmitsNoMore) {
  const auto t = token();
  request(1, sign(t));
  egress.router.end_session(t.session, wall);
  settle();
  expect_reset(1, FlowReason::session_ended);
  EXPECT_TRUE(target().closed);
  expect_no_flow_anywhere();

  entry.router.end_session(t.session, wall);
  auto again = token();
  again.session = t.session;
  egress.targets.all.clear();
  request(3, sign(again));
  expect_refused(3, FlowReason::session_ended);
}

TEST_F(RouterTest, AResourceThatIsTakenAwayTakesItsFlowsWithIt) {
  request(1, sign(token()));
  egress.config.resources.clear();
  egress.router.configure(egress.config);
  settle();
  expect_reset(1, FlowReason::wrong_resource);
  EXPECT_TRUE(target().closed);
}

TEST_F(RouterTest, LosingAChannelEndsItsFlowsAtBothEdges) {
  request(1, sign(token()));
  relay.router.link_down(hops[0].on_b, FlowReason::peer_lost);
  entry.router.link_down(hops[0].on_a, FlowReason::peer_lost);
  settle();
  expect_reset(1, FlowReason::peer_lost);
  EXPECT_TRUE(target().closed);
  expect_no_flow_anywhere();
}

TEST_F(RouterTest, AClientThatGoesAwayClosesItsTargets) {
  request(1, sign(token()));
  entry.router.link_down(client, FlowReason::peer_lost);
  settle();
  EXPECT_TRUE(target().closed);
  expect_no_flow_anywhere();
}

TEST_F(RouterTest, WithoutAChannelToAnEgressThereIsNoRoute) {
  entry.router.link_down(hops[0].on_a, FlowReason::peer_lost);
  request(1, sign(token()));
  expect_refused(1, FlowReason::no_route);
}

TEST_F(RouterTest, ANodeWithoutConfigurationAdmitsNothing) {
  WorldNode fresh{rng, kWall - 100s};
  const LinkId c = *fresh.router.client_up();
  Bytes frame = {0x10, 5, 0, 1, 0, 0, 0, 1, 'x'};
  fresh.router.on_frame(c, **wire::next_frame(frame), now, wall);
  EXPECT_EQ(fresh.router.board().refusals()[static_cast<std::size_t>(FlowReason::not_ready)], 1U);
}

TEST_F(RouterTest, WithoutSecurityDataNobodyNewIsLetInAndWhoIsInStays) {
  request(1, sign(token()));
  entry.router.security_incomplete();
  request(3, sign(token()));
  EXPECT_EQ(wire::decode_reason(at_client.back().payload), FlowReason::not_ready);
  data(1, "still here");
  EXPECT_EQ(target().received, "still here");
  entry.router.replace_security({}, true, true, wall);
  egress.router.security_incomplete();
  request(5, sign(token()));
  EXPECT_EQ(wire::decode_reason(at_client.back().payload), FlowReason::not_ready);
}

TEST_F(RouterTest, ABumpedEpochEndsLiveFlowsAndRefusesOlderTokensAtEntryAndEgress) {
  for (WorldNode* node : {&entry, &egress}) {
    auto t = token();
    request(1, sign(t));
    node->router.change_security({{{t.user, 1, 1}}, {}}, wall);
    settle();
    expect_reset(1, FlowReason::signed_out);
    expect_no_flow_anywhere();
    t.id = TokenId::random(rng);
    request(3, sign(t));
    EXPECT_EQ(wire::decode_reason(at_client.back().payload), FlowReason::signed_out);
    t.id = TokenId::random(rng);
    t.auth_epoch = 1;
    request(5, sign(t));
    EXPECT_EQ(at_client.back().header.type, FrameType::flow_accept);
    client_sends(FrameType::reset, 5, Bytes{1});
    expect_no_flow_anywhere();
    request(7, sign(token()));
    EXPECT_EQ(at_client.back().header.type, FrameType::flow_accept) << "others go on";
    client_sends(FrameType::reset, 7, Bytes{1});
  }
}

TEST_F(RouterTest, TheBlocklistedAreRefusedAndWhatTheyHaveOpenEnds) {
  using policy::BlocklistKind;
  auto t = token();
  t.device = DeviceId::random(rng);
  std::uint32_t label = 1;
  for (const auto& [kind, value] : {std::pair(BlocklistKind::user, t.user.str()),
                                    {BlocklistKind::device, t.device.str()},
                                    {BlocklistKind::ip, std::string("203.0.113.0/24")}}) {
    t.id = TokenId::random(rng);
    request(label, sign(t));
    ASSERT_EQ(at_client.back().header.type, FrameType::flow_accept);
    entry.router.change_security({{}, {{kind, value, true, {}, 1}}}, wall);
    settle();
    expect_reset(label, FlowReason::blocklisted);
    t.id = TokenId::random(rng);
    request(label + 2, sign(t));
    EXPECT_EQ(wire::decode_reason(at_client.back().payload), FlowReason::blocklisted);
    entry.router.change_security({{}, {{kind, value, false, {}, 2}}}, wall);
    label += 4;
  }
  const auto& refusals = entry.router.board().refusals();
  EXPECT_EQ(refusals[static_cast<std::size_t>(FlowReason::blocklisted)], 6U);
  expect_no_flow_anywhere();
}

TEST_F(RouterTest, AnUnknownLabelIsResetAndHurtsNoOtherFlow) {
  request(1, sign(token()));
  data(77, "stray");
  expect_reset(77, FlowReason::unknown_label);
  data(1, "still here");
  EXPECT_EQ(target().received, "still here");
}

TEST_F(RouterTest, AClientMayNotSpeakAsANode) {
  EXPECT_FALSE(client_sends(FrameType::flow_open, 1, Bytes(40)));
  EXPECT_FALSE(client_sends(FrameType::flow_accept, 1, {}));
}

TEST_F(RouterTest, ANodeMayNotSpeakAsAClient) {
  Bytes frame = {0x10, 5, 0, 1, 0, 0, 0, 2, 'x'};
  EXPECT_FALSE(entry.router.on_frame(hops[0].on_a, **wire::next_frame(frame), now, wall));
}

TEST_F(RouterTest, DataBeforeTheFlowIsAcceptedIsAViolation) {
  const std::string t = sign(token());
  Bytes frame = frame_of(FrameType::flow_request, 1, as_bytes(t));
  entry.router.on_frame(client, **wire::next_frame(frame), now, wall);
  Bytes early = {0x14, 5, 0, 1, 0, 0, 0, 1, 'x'};
  entry.router.on_frame(client, **wire::next_frame(early), now, wall);
  read_client();
  expect_refused(1, FlowReason::protocol_error);
}

TEST_F(RouterTest, NobodySendsBeyondTheWindow) {
  request(1, sign(token()));
  const std::string chunk(wire::kMaxData, 'x');
  std::size_t sent = 0;
  while (sent + chunk.size() <= flow::kInitialWindow) {
    data(1, chunk);
    sent += chunk.size();
  }
  EXPECT_EQ(target().received.size(), sent);
  EXPECT_EQ(at_client.back().header.type, FrameType::flow_accept) << "no credit without progress";
  data(1, chunk);
  expect_reset(1, FlowReason::flow_control);
  expect_no_flow_anywhere();
}

TEST_F(RouterTest, CreditFlowsBackAsTheTargetTakesTheBytes) {
  request(1, sign(token()));
  const std::string chunk(wire::kMaxData, 'x');
  for (int i = 0; i < 200; ++i) {
    data(1, chunk);
    egress.router.egress().target_consumed(target_id(), chunk.size());
    settle();
  }
  EXPECT_EQ(target().received.size(), 200 * chunk.size());
}

TEST_F(RouterTest, ATargetThatSaysTooMuchIsPausedUntilTheClientTakesIt) {
  request(1, sign(token()));
  open_wide();
  const Bytes much(2 * flow::kInitialWindow, 7);
  const std::size_t taken = egress.router.egress().target_data(target_id(), much);
  EXPECT_EQ(taken, flow::kInitialWindow);
  settle();
  std::size_t received = 0;
  for (const Received& r : at_client) {
    if (r.header.type == FrameType::data) received += r.payload.size();
  }
  EXPECT_EQ(received, flow::kInitialWindow);
  EXPECT_EQ(target().resumed, 0);
  std::uint8_t credit[4];
  store_be32(credit, flow::kInitialWindow);
  client_sends(FrameType::credit, 1, credit);
  EXPECT_EQ(target().resumed, 1);
}

TEST_F(RouterTest, ATamperedRecordEndsTheFlow) {
  request(1, sign(token()));
  data(1, "first");
  tamper = true;
  data(1, "second");
  expect_reset(1, FlowReason::seal_failed);
  EXPECT_EQ(target().received, "first");
  EXPECT_TRUE(target().closed);
}

TEST_F(RouterTest, ARelayCannotCutAFlowShortUnnoticed) {
  request(1, sign(token()));
  // A FIN that does not carry the sealed end of the flow.
  const auto& far = hops[1];
  std::uint32_t label = 0;
  relay.router.board().find(far.on_b)->flows.for_each(
      [&](std::uint32_t l, FlowEnd&) { label = l; });
  Bytes forged = frame_of(FrameType::fin, label, Bytes(wire::kSealOverhead));
  egress.router.on_frame(far.on_a, **wire::next_frame(forged), now, wall);
  settle();
  expect_reset(1, FlowReason::seal_failed);
}

TEST_F(RouterTest, AFlowThatIsNeverAnsweredTimesOut) {
  const std::string t = sign(token());
  Bytes frame = frame_of(FrameType::flow_request, 1, as_bytes(t));
  entry.router.on_frame(client, **wire::next_frame(frame), now, wall);
  now += kFlowSetupTimeout;
  entry.router.tick(now, wall);
  read_client();
  expect_refused(1, FlowReason::setup_timeout);
}

TEST_F(RouterTest, ARelayNeverSendsAFlowBackWhereItCameFrom) {
  relay.config.routes = {{egress_id, {entry_id}}};
  relay.router.configure(relay.config);
  request(1, sign(token()));
  expect_refused(1, FlowReason::no_route);
}

TEST_F(RouterTest, TheHopLimitEndsALoop) {
  wire::FlowOpen open{egress_id, 1, {}};
  const Bytes payload = open.encode();
  Bytes frame = frame_of(FrameType::flow_open, 1, payload);
  EXPECT_TRUE(relay.router.on_frame(hops[0].on_b, **wire::next_frame(frame), now, wall));
  EXPECT_EQ(relay.router.board().refusals()[static_cast<std::size_t>(FlowReason::hop_limit)], 1U);
}

TEST_F(RouterTest, AClassTheChannelMayNotCarryIsRefusedByTheReceiverToo) {
  relay.router.set_link_policy(hops[0].on_b, {TrafficClass::render}, true);
  request(1, sign(token()));
  expect_refused(1, FlowReason::channel_class_denied);
}

TEST_F(RouterTest, NarrowingAChannelEndsTheFlowsItMayNoLongerCarry) {
  request(1, sign(token()));
  relay.router.set_link_policy(hops[1].on_b, {TrafficClass::render}, true);
  settle();
  expect_reset(1, FlowReason::channel_class_denied);
  EXPECT_TRUE(target().closed);
}

TEST_F(RouterTest, OneNodeMayBeEntryAndEgressAtOnce) {
  WorldNode single{rng, kWall - 100s};
  single.config = entry.config;
  single.config.roles = {NodeRole::entry, NodeRole::egress};
  single.config.resources = {resource};
  single.config.pools = {{resource.pool, {{entry_id, seal_key.public_key}}}};
  single.router.set_seal_key(seal_key);
  single.router.configure(single.config);
  const LinkId c = *single.router.client_up();
  const std::string t = sign(token());
  Bytes frame = frame_of(FrameType::flow_request, 1, as_bytes(t));
  single.router.on_frame(c, **wire::next_frame(frame), now, wall);
  single.router.deliver_loopback(now, wall);
  ASSERT_EQ(single.targets.opening.size(), 1U);
  single.targets.accept(single.targets.opening.front());
  single.router.deliver_loopback(now, wall);
  Bytes hello = {0x14, 5, 0, 2, 0, 0, 0, 1, 'h', 'i'};
  single.router.on_frame(c, **wire::next_frame(hello), now, wall);
  single.router.deliver_loopback(now, wall);
  EXPECT_EQ(single.targets.all.begin()->second->received, "hi");
}

}  // namespace
}  // namespace rap::router
