#include "node/channel/lifecycle.hpp"

#include "node/channel/channel_world.hpp"

namespace rap::channel {
namespace {

// --- establishing

TEST_F(LifecycleTest, EstablishesWithTheClassesBothSidesAllow) {
  const auto actions = reach_established();
  EXPECT_TRUE(find<action::Established>(actions));
  EXPECT_TRUE(find<action::SendHeartbeat>(actions));
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::input});
}

TEST_F(LifecycleTest, CarriesNothingBeforeItIsEstablished) {
  EXPECT_FALSE(channel.carries_traffic());
  reach_authorizing();
  EXPECT_FALSE(channel.carries_traffic());
  EXPECT_TRUE(channel.classes().empty());
}

TEST_F(LifecycleTest, TellsThePeerEverythingOfItself) {
  dial();
  const auto actions = step(event::Proven{verdict(b)});
  const auto* sent = find<action::SendHello>(actions);
  ASSERT_TRUE(sent);
  wire::Hello expected;
  expected.cluster = cluster;
  expected.node = a;
  expected.channel = channel.id();
  expected.classes = rule().classes;
  expected.config_version = 3;
  expected.peer_directory_version = 4;
  expected.trust_bundle_version = 5;
  expected.route_epoch = 7;
  EXPECT_EQ(sent->hello, expected);
}

TEST_F(LifecycleTest, TheListenerTakesTheDiallersChannelIdAndAnswersUnderIt) {
  Lifecycle accepting = Lifecycle::accepting();
  accepting.step(now, event::Accepted{}, context);
  EXPECT_FALSE(find<action::SendHello>(accepting.step(now, event::Proven{verdict(b)}, context)))
      << "the dialler speaks first";
  auto theirs = hello();
  theirs.channel = ChannelId::random(rng);
  const auto actions = accepting.step(now, event::HelloReceived{theirs}, context);
  ASSERT_TRUE(find<action::SendHello>(actions));
  EXPECT_EQ(find<action::SendHello>(actions)->hello.channel, theirs.channel);
  EXPECT_EQ(accepting.id(), theirs.channel);
  EXPECT_EQ(accepting.state(), State::established);
}

TEST_F(LifecycleTest, RefusesANodeItDidNotDial) {
  dial();
  expect_failed(FailureReason::wrong_node, step(event::Proven{verdict(NodeId::random(rng))}));
}

TEST_F(LifecycleTest, RefusesAnotherCluster) {
  dial();
  const Proof stranger{wire::SpiffeId::of_node(ClusterId::random(rng), b), 1h};
  expect_failed(FailureReason::wrong_cluster, step(event::Proven{stranger}));
}

TEST_F(LifecycleTest, RefusesThePlaneThatIsNotANode) {
  dial();
  auto id = wire::SpiffeId::of_node(cluster, b);
  id.kind = wire::SpiffeId::Kind::control;
  expect_failed(FailureReason::wrong_node, step(event::Proven{Proof{id, 1h}}));
}

TEST_F(LifecycleTest, RefusesItself) {
  Lifecycle accepting = Lifecycle::accepting();
  accepting.step(now, event::Accepted{}, context);
  accepting.step(now, event::Proven{verdict(a)}, context);
  EXPECT_EQ(accepting.reason(), FailureReason::wrong_node);
}

TEST_F(LifecycleTest, GivesTheReasonOfTheCertificate) {
  dial();
  const auto actions = step(event::Proven{refused(FailureReason::certificate_revoked)});
  expect_failed(FailureReason::certificate_revoked, actions);
  EXPECT_FALSE(find<action::SendGoodbye>(actions)) << "a stranger learns nothing";
}

TEST_F(LifecycleTest, AValidCertificateIsNotEnoughWithoutPolicy) {
  context.peers.clear();
  dial();
  const auto actions = step(event::Proven{verdict(b)});
  ASSERT_TRUE(find<action::SendGoodbye>(actions)) << "a member learns why";
  EXPECT_EQ(find<action::SendGoodbye>(actions)->reason, FailureReason::policy_denied);
  expect_failed(FailureReason::policy_denied, actions);
}

TEST_F(LifecycleTest, RefusesAHelloThatDiffersFromTheCertificate) {
  reach_authorizing();
  auto h = hello();
  h.node = a;
  expect_failed(FailureReason::wrong_node, step(event::HelloReceived{h}));
}

TEST_F(LifecycleTest, RefusesAHelloOfAnotherCluster) {
  reach_authorizing();
  auto h = hello();
  h.cluster = ClusterId::random(rng);
  expect_failed(FailureReason::wrong_cluster, step(event::HelloReceived{h}));
}

TEST_F(LifecycleTest, RefusesAHelloOfAnotherVersion) {
  reach_authorizing();
  auto h = hello();
  h.protocol_version = wire::kProtocolVersion + 1;
  expect_failed(FailureReason::policy_denied, step(event::HelloReceived{h}));
}

TEST_F(LifecycleTest, RefusesAHelloOfAnotherChannel) {
  reach_authorizing();
  auto h = hello();
  h.channel = ChannelId::random(rng);
  expect_failed(FailureReason::policy_denied, step(event::HelloReceived{h}));
}

TEST_F(LifecycleTest, RefusesAPeerThatWantsNoClassInCommon) {
  reach_authorizing();
  auto h = hello();
  h.classes = {TrafficClass::vpn_packet};
  expect_failed(FailureReason::channel_class_denied, step(event::HelloReceived{h}));
}

TEST_F(LifecycleTest, RefusesAPeerThatIsBehindWhatIsRequired) {
  context.trust_bundle_floor = 6;
  reach_authorizing();
  expect_failed(FailureReason::trust_bundle_stale, step(event::HelloReceived{hello()}));
}

TEST_F(LifecycleTest, RefusesAPeerOfAnOlderRouteEpoch) {
  context.route_epoch_floor = 8;
  reach_authorizing();
  expect_failed(FailureReason::route_epoch_stale, step(event::HelloReceived{hello()}));
}

TEST_F(LifecycleTest, DoesNotWaitForeverToBeEstablished) {
  step(event::Start{});
  expect_failed(FailureReason::network_unreachable, timeout());
  Lifecycle accepting = Lifecycle::accepting();
  accepting.step(now, event::Accepted{}, context);
  now = *accepting.next_timeout();
  accepting.step(now, event::Timeout{}, context);
  EXPECT_EQ(accepting.reason(), FailureReason::tls_handshake_failed);
}

// --- liveness

TEST_F(LifecycleTest, MissingHeartbeatsLeadThroughSuspicionAndAHintToFailure) {
  reach_established();
  timeout();
  EXPECT_EQ(channel.state(), State::established) << "one may be late";
  const MonoTime before = now;
  const auto suspicion = timeout();
  EXPECT_EQ(channel.state(), State::degraded);
  EXPECT_FALSE(channel.takes_new_flows());
  EXPECT_TRUE(channel.carries_traffic());
  EXPECT_TRUE(find<action::PolicyChanged>(suspicion));
  EXPECT_FALSE(find<action::PeerSilent>(suspicion));
  EXPECT_TRUE(find<action::PeerSilent>(timeout()));
  EXPECT_LT(now - before, 2 * kRealtimeCadence) << "suspicion probes faster";
  timeout();
  timeout();
  expect_failed(FailureReason::heartbeat_timeout, timeout());
}

TEST_F(LifecycleTest, AnAnswerEndsTheSuspicionAndMeasuresTheRoundTrip) {
  reach(State::degraded);
  auto actions = timeout();
  const auto* sent = find<action::SendHeartbeat>(actions);
  ASSERT_TRUE(sent);
  now += 8ms;
  actions = step(event::AckReceived{LaneKind::interactive,
                                    {sent->heartbeat.sequence, sent->heartbeat.timestamp_us}});
  EXPECT_TRUE(find<action::PolicyChanged>(actions)) << "new flows again";
  EXPECT_EQ(channel.state(), State::established);
  EXPECT_EQ(channel.heartbeats(LaneKind::interactive).rtt(), 8ms);
}

TEST_F(LifecycleTest, AnAnswerToAHeartbeatThatWasNeverSentIsAViolation) {
  reach_established();
  expect_failed(FailureReason::policy_denied,
                step(event::AckReceived{LaneKind::interactive, {99, 0}}));
}

TEST_F(LifecycleTest, AnswersTheHeartbeatOfItsPeerOnly) {
  reach_established();
  auto actions = step(event::HeartbeatReceived{LaneKind::interactive, heartbeat()});
  ASSERT_TRUE(find<action::SendAck>(actions));
  EXPECT_EQ(find<action::SendAck>(actions)->ack.sequence, 41U);
  auto stranger = heartbeat();
  stranger.from = a;
  expect_failed(FailureReason::wrong_node,
                step(event::HeartbeatReceived{LaneKind::interactive, stranger}));
}

TEST_F(LifecycleTest, ADeadBulkLaneIsDroppedAndTheChannelGoesOn) {
  reach_established();
  step(event::LaneJoined{});
  EXPECT_TRUE(channel.has_lane(LaneKind::bulk));
  bool dropped = false;
  for (int i = 0; i < 40 && !dropped; ++i) {
    const auto actions = timeout();
    dropped = find<action::DropLane>(actions) != nullptr;
    for (const auto& action : actions) {  // the interactive lane answers
      const auto* sent = std::get_if<action::SendHeartbeat>(&action);
      if (sent == nullptr || sent->lane != LaneKind::interactive) continue;
      step(event::AckReceived{LaneKind::interactive,
                              {sent->heartbeat.sequence, sent->heartbeat.timestamp_us}});
    }
  }
  EXPECT_TRUE(dropped);
  EXPECT_FALSE(channel.has_lane(LaneKind::bulk));
  EXPECT_EQ(channel.state(), State::established);
}

TEST_F(LifecycleTest, EachLaneHasTheCadenceOfWhatItCarries) {
  rule().classes = TrafficClassSet::all();
  reach_authorizing();
  auto h = hello();
  h.classes = TrafficClassSet::all();
  step(event::HelloReceived{h});
  step(event::LaneJoined{});
  EXPECT_EQ(channel.heartbeats(LaneKind::interactive).next(), now + kRealtimeCadence);
  EXPECT_EQ(channel.heartbeats(LaneKind::bulk).next(), now + kStorageCadence);
  EXPECT_EQ(cadence_of({TrafficClass::fabric_control, TrafficClass::storage_fetch}),
            kControlCadence);
  EXPECT_EQ(cadence_of({TrafficClass::file_transfer, TrafficClass::update_fetch}), kStorageCadence);
}

TEST_F(LifecycleTest, LosingTheInteractiveLaneIsTheEndOfTheChannel) {
  reach_established();
  step(event::LaneJoined{});
  expect_failed(FailureReason::network_unreachable,
                step(event::Lost{FailureReason::network_unreachable}));
}

// --- judged again

TEST_F(LifecycleTest, LosingItsPermissionClosesALiveChannel) {
  reach_established();
  context.peers.clear();
  expect_failed(FailureReason::policy_denied, context_changed());
}

TEST_F(LifecycleTest, ADisabledPeerIsShutOutByThatName) {
  reach_established();
  rule().disabled = true;
  expect_failed(FailureReason::peer_disabled, context_changed());
}

TEST_F(LifecycleTest, ANarrowerPolicyNarrowsTheClassesAtOnce) {
  rule().classes = {TrafficClass::input, TrafficClass::render};
  reach_established();
  rule().classes = {TrafficClass::render};
  const auto actions = context_changed();
  EXPECT_TRUE(find<action::PolicyChanged>(actions));
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::render});
  ASSERT_TRUE(find<action::SendHello>(actions)) << "the peer must know";
  EXPECT_EQ(find<action::SendHello>(actions)->hello.classes, channel.classes());
}

TEST_F(LifecycleTest, APeerThatAnnouncesFewerClassesIsHeeded) {
  rule().classes = {TrafficClass::input, TrafficClass::render};
  reach_established();
  auto h = hello();
  h.classes = {TrafficClass::render};
  EXPECT_TRUE(find<action::PolicyChanged>(step(event::HelloReceived{h})));
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::render});
}

TEST_F(LifecycleTest, AnyChangeOfWhatItIsJudgedByChecksTheCertificateAgain) {
  reach_established();
  EXPECT_TRUE(find<action::Revalidate>(context_changed()));
  EXPECT_EQ(channel.state(), State::revalidating);
  EXPECT_FALSE(channel.takes_new_flows());
  EXPECT_TRUE(channel.carries_traffic()) << "liveness and what is under way go on";
  EXPECT_TRUE(find<action::PolicyChanged>(step(event::Revalidated{verdict(b)})));
  EXPECT_EQ(channel.state(), State::established);
  EXPECT_TRUE(channel.takes_new_flows());
}

TEST_F(LifecycleTest, IsJudgedAgainWhenTheIntervalIsOver) {
  reach_established();
  const MonoTime until = now + kRevalidateInterval;
  while (channel.state() == State::established && now <= until) {
    for (const auto& action : timeout()) {
      const auto* sent = std::get_if<action::SendHeartbeat>(&action);
      if (sent == nullptr) continue;
      step(event::AckReceived{LaneKind::interactive,
                              {sent->heartbeat.sequence, sent->heartbeat.timestamp_us}});
    }
  }
  EXPECT_EQ(channel.state(), State::revalidating);
  EXPECT_LE(now, until);
}

TEST_F(LifecycleTest, IsJudgedAgainWhenTheCertificateExpires) {
  dial();
  step(event::Proven{Proof{wire::SpiffeId::of_node(cluster, b), 3s}});
  step(event::HelloReceived{hello()});
  EXPECT_EQ(channel.revalidates_at(), now + 3s);
}

TEST_F(LifecycleTest, ARevokedPeerIsCutOffAtOnce) {
  reach(State::revalidating);
  expect_failed(FailureReason::certificate_revoked,
                step(event::Revalidated{refused(FailureReason::certificate_revoked)}));
}

TEST_F(LifecycleTest, APeerRevokedWithoutHasteDrains) {
  reach(State::revalidating);
  step(event::Revalidated{refused(FailureReason::certificate_revoked, wire::Severity::drain)});
  EXPECT_EQ(channel.state(), State::draining);
  EXPECT_EQ(channel.reason(), FailureReason::certificate_revoked);
  const MonoTime by = now + kRevokedDrainTimeout;
  while (channel.state() == State::draining && now <= by) timeout();
  EXPECT_NE(channel.state(), State::draining);
}

TEST_F(LifecycleTest, ARevokedNodeThatIsNobodysNeighbourAnyMoreIsToldSo) {
  reach_established();
  context.peers.clear();
  context.revoked[b] = wire::Severity::close;
  expect_failed(FailureReason::certificate_revoked, context_changed());
}

TEST_F(LifecycleTest, ANodeRevokedWithoutHasteEndsWhatIsUnderWay) {
  reach_established();
  const auto classes = channel.classes();
  context.peers.clear();
  context.revoked[b] = wire::Severity::drain;
  context_changed();
  EXPECT_EQ(channel.state(), State::draining);
  EXPECT_EQ(channel.classes(), classes);
  EXPECT_FALSE(channel.takes_new_flows());
}

TEST_F(LifecycleTest, ANodeRevokedWithoutHasteIsCutOffWhenItsCertificateIsDeniedInHaste) {
  reach_established();
  context.peers.clear();
  context.revoked[b] = wire::Severity::drain;
  EXPECT_TRUE(find<action::Revalidate>(context_changed()));
  ASSERT_EQ(channel.state(), State::draining);
  expect_failed(FailureReason::certificate_revoked,
                step(event::Revalidated{refused(FailureReason::certificate_revoked)}));
}

TEST_F(LifecycleTest, WithoutAVerdictItFails) {
  reach(State::revalidating);
  while (channel.state() == State::revalidating) timeout();
  EXPECT_EQ(channel.state(), State::failed);
}

TEST_F(LifecycleTest, ARevocationThatComesBeforeTheHelloCounts) {
  reach_authorizing();
  EXPECT_TRUE(find<action::Revalidate>(context_changed()));
  expect_failed(
      FailureReason::certificate_revoked,
      step(event::Revalidated{refused(FailureReason::certificate_revoked, wire::Severity::drain)}));
}

// --- without the control plane

TEST_F(LifecycleTest, WithoutTheControlPlaneAnExistingChannelGoesOnDegraded) {
  reach_established();
  const auto classes = channel.classes();
  context.authority = ConfigAuthority::degraded;
  context_changed();
  step(event::Revalidated{verdict(b)});
  EXPECT_EQ(channel.state(), State::degraded);
  EXPECT_EQ(channel.classes(), classes);
  EXPECT_TRUE(channel.takes_new_flows());
}

TEST_F(LifecycleTest, ANewChannelWithoutTheControlPlaneCarriesLessUntilItIsBack) {
  rule().classes = {TrafficClass::input, TrafficClass::render};
  context.authority = ConfigAuthority::degraded;
  reach_authorizing();
  step(event::HelloReceived{hello()});
  EXPECT_EQ(channel.state(), State::degraded);
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::input});
  context.authority = ConfigAuthority::current;
  context_changed();
  step(event::Revalidated{verdict(b)});
  EXPECT_EQ(channel.classes(), (TrafficClassSet{TrafficClass::input, TrafficClass::render}));
}

TEST_F(LifecycleTest, WhenTheConfigurationExpiresEveryChannelEnds) {
  reach_established();
  context.authority = ConfigAuthority::expired;
  expect_failed(FailureReason::trust_bundle_stale, context_changed());
}

// --- draining and the end

TEST_F(LifecycleTest, RefusesADrainingPeer) {
  reach_authorizing();
  auto h = hello();
  h.draining = true;
  expect_failed(FailureReason::peer_draining, step(event::HelloReceived{h}));
}

TEST_F(LifecycleTest, ADrainingNodeSaysSoAndTakesNoNewFlows) {
  reach_established();
  context.draining = true;
  const auto actions = context_changed();
  EXPECT_EQ(channel.state(), State::draining);
  EXPECT_FALSE(channel.takes_new_flows());
  EXPECT_TRUE(channel.carries_traffic());
  ASSERT_TRUE(find<action::SendHello>(actions));
  EXPECT_TRUE(find<action::SendHello>(actions)->hello.draining);
}

TEST_F(LifecycleTest, HearsOfAPeersDrainingInItsHeartbeat) {
  reach_established();
  auto h = heartbeat();
  h.draining = true;
  step(event::HeartbeatReceived{LaneKind::interactive, h});
  EXPECT_EQ(channel.state(), State::draining);
  EXPECT_EQ(channel.reason(), FailureReason::peer_draining);
}

TEST_F(LifecycleTest, ARevokedPeerDoesNotGetToDrain) {
  reach(State::draining);
  expect_failed(FailureReason::certificate_revoked,
                step(event::Revalidated{refused(FailureReason::certificate_revoked)}));
}

TEST_F(LifecycleTest, SaysGoodbyeAndClosesWhenThePeerIsGone) {
  reach_established();
  const auto actions = step(event::Stop{});
  EXPECT_TRUE(find<action::SendGoodbye>(actions));
  EXPECT_EQ(channel.state(), State::closing);
  EXPECT_FALSE(channel.carries_traffic());
  step(event::Lost{FailureReason::network_unreachable});
  EXPECT_EQ(channel.state(), State::closed);
  EXPECT_EQ(channel.reason(), FailureReason::none);
}

TEST_F(LifecycleTest, DoesNotWaitForeverForTheGoodbyeToBeHeard) {
  reach(State::closing);
  timeout();
  EXPECT_EQ(channel.state(), State::closed);
}

TEST_F(LifecycleTest, RemembersThatItWasThePeerWhoRefused) {
  reach_authorizing();
  step(event::GoodbyeReceived{FailureReason::policy_denied});
  EXPECT_TRUE(channel.refused_by_peer());
  EXPECT_EQ(channel.reason(), FailureReason::policy_denied);
}

}  // namespace
}  // namespace rap::channel
