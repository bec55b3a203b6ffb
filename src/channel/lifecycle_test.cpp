#include "channel/lifecycle.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::channel {
namespace {

using wire::TrafficClass;
using wire::TrafficClassSet;

template <class A>
const A* find(const std::vector<Action>& actions) {
  for (const Action& a : actions) {
    if (const A* found = std::get_if<A>(&a)) return found;
  }
  return nullptr;
}

class LifecycleTest : public ::testing::Test {
 protected:
  SeededRandom rng{7};
  ClusterId cluster = ClusterId::random(rng);
  NodeId a = NodeId::random(rng);
  NodeId b = NodeId::random(rng);
  PeerPolicy allow{true, {TrafficClass::input, TrafficClass::file_transfer}};
  Lifecycle channel{ChannelId::random(rng), {cluster, a, 3}, b};
  MonoTime now{std::chrono::hours(1)};

  wire::SpiffeId identity(NodeId node) { return wire::SpiffeId::of_node(cluster, node); }
  wire::Hello hello(NodeId node) {
    wire::Hello h;
    h.cluster = cluster;
    h.node = node;
    h.classes = {TrafficClass::input, TrafficClass::render};
    return h;
  }
  std::vector<Action> step(const Event& e) { return channel.step(now, e); }
  void reach_authorizing() {
    step(event::Start{});
    step(event::Connected{});
    step(event::Proven{identity(b), allow});
    ASSERT_EQ(channel.state(), State::authorizing);
  }
  std::vector<Action> reach_established() {
    reach_authorizing();
    return step(event::HelloReceived{hello(b)});
  }
  std::vector<Action> timeout() {
    now = *channel.next_timeout();
    return step(event::Timeout{});
  }
  void expect_failed(FailureReason reason, const std::vector<Action>& actions) {
    EXPECT_EQ(channel.state(), State::failed);
    EXPECT_EQ(channel.reason(), reason);
    EXPECT_TRUE(find<action::CloseTransport>(actions));
    EXPECT_TRUE(channel.classes().empty());
    EXPECT_FALSE(channel.next_timeout());
  }
};

TEST_F(LifecycleTest, EstablishesWithTheClassesBothSidesAllow) {
  auto actions = reach_established();
  ASSERT_TRUE(find<action::Established>(actions));
  EXPECT_EQ(find<action::Established>(actions)->classes, TrafficClassSet{TrafficClass::input});
  EXPECT_TRUE(find<action::SendHeartbeat>(actions));
  EXPECT_EQ(channel.state(), State::established);
}

TEST_F(LifecycleTest, CarriesNothingBeforeItIsEstablished) {
  EXPECT_FALSE(carries_traffic(channel.state()));
  reach_authorizing();
  EXPECT_FALSE(carries_traffic(channel.state()));
  EXPECT_TRUE(channel.classes().empty());
}

TEST_F(LifecycleTest, RefusesANodeItDidNotDial) {
  step(event::Start{});
  expect_failed(FailureReason::wrong_node,
                step(event::Proven{identity(NodeId::random(rng)), allow}));
}

TEST_F(LifecycleTest, RefusesAnotherCluster) {
  step(event::Start{});
  expect_failed(FailureReason::wrong_cluster,
                step(event::Proven{wire::SpiffeId::of_node(ClusterId::random(rng), b), allow}));
}

TEST_F(LifecycleTest, RefusesThePlaneThatIsNotANode) {
  step(event::Start{});
  auto id = identity(b);
  id.kind = wire::SpiffeId::Kind::control;
  expect_failed(FailureReason::wrong_node, step(event::Proven{id, allow}));
}

TEST_F(LifecycleTest, RefusesItself) {
  Lifecycle accepting{ChannelId::random(rng), {cluster, a, 3}, std::nullopt};
  accepting.step(now, event::Accepted{});
  accepting.step(now, event::Proven{identity(a), allow});
  EXPECT_EQ(accepting.reason(), FailureReason::wrong_node);
}

TEST_F(LifecycleTest, AValidCertificateIsNotEnoughWithoutPolicy) {
  step(event::Start{});
  expect_failed(FailureReason::policy_denied, step(event::Proven{identity(b), PeerPolicy{}}));
}

TEST_F(LifecycleTest, RefusesAHelloThatDiffersFromTheCertificate) {
  reach_authorizing();
  expect_failed(FailureReason::wrong_node, step(event::HelloReceived{hello(a)}));
}

TEST_F(LifecycleTest, RefusesAHelloOfAnotherVersion) {
  reach_authorizing();
  auto h = hello(b);
  h.protocol_version = 2;
  expect_failed(FailureReason::policy_denied, step(event::HelloReceived{h}));
}

TEST_F(LifecycleTest, RefusesAPeerThatWantsNoClassInCommon) {
  reach_authorizing();
  auto h = hello(b);
  h.classes = {TrafficClass::vpn_packet};
  expect_failed(FailureReason::channel_class_denied, step(event::HelloReceived{h}));
}

TEST_F(LifecycleTest, RefusesADrainingPeer) {
  reach_authorizing();
  auto h = hello(b);
  h.draining = true;
  expect_failed(FailureReason::peer_draining, step(event::HelloReceived{h}));
}

TEST_F(LifecycleTest, RefusesASecondHello) {
  reach_established();
  expect_failed(FailureReason::policy_denied, step(event::HelloReceived{hello(b)}));
}

TEST_F(LifecycleTest, MissingHeartbeatsLeadThroughSuspicionToFailure) {
  reach_established();
  EXPECT_TRUE(find<action::SendHeartbeat>(timeout()));
  EXPECT_EQ(channel.state(), State::established);
  EXPECT_TRUE(find<action::SendHeartbeat>(timeout()));
  EXPECT_EQ(channel.state(), State::degraded);
  EXPECT_FALSE(accepts_new_flows(channel.state()));
  timeout();
  expect_failed(FailureReason::heartbeat_timeout, timeout());
}

TEST_F(LifecycleTest, AnAnswerEndsTheSuspicionAndMeasuresTheRoundTrip) {
  reach_established();
  timeout();
  auto actions = timeout();
  const auto* sent = find<action::SendHeartbeat>(actions);
  ASSERT_TRUE(sent);
  now += std::chrono::milliseconds(8);
  step(event::AckReceived{{sent->heartbeat.sequence, sent->heartbeat.timestamp_us}});
  EXPECT_EQ(channel.state(), State::established);
  EXPECT_EQ(channel.rtt(), std::chrono::milliseconds(8));
}

TEST_F(LifecycleTest, AnAnswerToAHeartbeatThatWasNeverSentIsAViolation) {
  reach_established();
  expect_failed(FailureReason::policy_denied, step(event::AckReceived{{99, 0}}));
}

TEST_F(LifecycleTest, AnswersTheHeartbeatOfItsPeerOnly) {
  reach_established();
  wire::Heartbeat h;
  h.from = b;
  h.to = a;
  h.sequence = 41;
  auto actions = step(event::HeartbeatReceived{h});
  ASSERT_TRUE(find<action::SendAck>(actions));
  EXPECT_EQ(find<action::SendAck>(actions)->ack.sequence, 41U);
  h.from = a;
  expect_failed(FailureReason::wrong_node, step(event::HeartbeatReceived{h}));
}

TEST_F(LifecycleTest, LosingItsPermissionClosesALiveChannel) {
  reach_established();
  expect_failed(FailureReason::policy_denied, step(event::PolicyChanged{PeerPolicy{}, 4}));
}

TEST_F(LifecycleTest, ANarrowerPolicyNarrowsTheClasses) {
  allow.classes = {TrafficClass::input, TrafficClass::render};
  reach_established();
  auto actions = step(event::PolicyChanged{{true, {TrafficClass::render}}, 4});
  ASSERT_TRUE(find<action::ClassesChanged>(actions));
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::render});
}

TEST_F(LifecycleTest, DoesNotWaitForeverToBeEstablished) {
  step(event::Start{});
  expect_failed(FailureReason::network_unreachable, timeout());
  Lifecycle accepting{ChannelId::random(rng), {cluster, a, 3}, std::nullopt};
  accepting.step(now, event::Accepted{});
  now = *accepting.next_timeout();
  accepting.step(now, event::Timeout{});
  EXPECT_EQ(accepting.reason(), FailureReason::tls_handshake_failed);
}

TEST_F(LifecycleTest, SaysGoodbyeAndNeverComesBack) {
  reach_established();
  auto actions = step(event::Stop{});
  EXPECT_TRUE(find<action::SendGoodbye>(actions));
  EXPECT_TRUE(find<action::CloseTransport>(actions));
  EXPECT_EQ(channel.state(), State::closed);
  for (const Event& e : std::initializer_list<Event>{
           event::Start{}, event::Accepted{}, event::Proven{identity(b), allow},
           event::HelloReceived{hello(b)}, event::Timeout{}, event::Stop{}}) {
    EXPECT_TRUE(step(e).empty());
    EXPECT_EQ(channel.state(), State::closed);
  }
}

}  // namespace
}  // namespace rap::channel
