// A live channel whose peer has fallen behind what is required (CH-5): it is closed, or by policy
// it goes on degraded until the peer has caught up or the time is up.
#include "node/channel/channel_world.hpp"

namespace rap::channel {
namespace {

class StalePeer : public LifecycleTest {
 protected:
  StalePeer() { context.stale_peer = 60s; }
  void fall_behind() {
    reach_established();
    context.route_epoch_floor = 8;
    context_changed();
  }
  void certificate_is_good() { step(event::Revalidated{verdict(b)}); }
  void timeout_answered() {
    for (const auto& action : timeout()) {
      const auto* sent = std::get_if<action::SendHeartbeat>(&action);
      if (sent == nullptr) continue;
      step(event::AckReceived{sent->lane, {sent->heartbeat.sequence, 0}});
    }
    if (channel.state() == State::revalidating) certificate_is_good();
  }
};

TEST_F(StalePeer, IsClosedWherePolicySaysNothing) {
  context.stale_peer = Duration{0};
  reach_established();
  context.route_epoch_floor = 8;
  expect_failed(FailureReason::route_epoch_stale, context_changed());
}

TEST_F(StalePeer, GoesOnDegradedWithoutNewFlowsWherePolicyLetsIt) {
  fall_behind();
  EXPECT_EQ(channel.state(), State::revalidating) << "everything else is judged all the same";
  certificate_is_good();
  EXPECT_EQ(channel.state(), State::degraded);
  EXPECT_EQ(channel.reason(), FailureReason::route_epoch_stale) << "which is said";
  EXPECT_FALSE(channel.takes_new_flows());
  EXPECT_TRUE(channel.carries_traffic());
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::input});
}

TEST_F(StalePeer, IsEstablishedAgainWhenItHasCaughtUp) {
  fall_behind();
  certificate_is_good();
  auto h = hello();
  h.route_epoch = 8;
  EXPECT_TRUE(find<action::PolicyChanged>(step(event::HelloReceived{h})));
  EXPECT_EQ(channel.state(), State::established);
  EXPECT_EQ(channel.reason(), FailureReason::none);
  EXPECT_TRUE(channel.takes_new_flows());
}

TEST_F(StalePeer, IsClosedWhenTheTimeIsUpHoweverOftenItSpeaks) {
  fall_behind();
  certificate_is_good();
  const MonoTime by = now + 60s;
  auto h = hello();
  while (channel.state() != State::failed) {
    ASSERT_LE(now, by);
    timeout_answered();
    if (channel.state() == State::failed) break;
    ++h.config_version;  // news, and not those that are wanted
    step(event::HelloReceived{h});
  }
  EXPECT_EQ(now, by);
  EXPECT_EQ(channel.reason(), FailureReason::route_epoch_stale);
}

TEST_F(StalePeer, TakesUpNoClassMeanwhile) {
  rule().classes = {TrafficClass::input, TrafficClass::render};
  reach_authorizing();
  auto h = hello();
  h.classes = {TrafficClass::input};
  step(event::HelloReceived{h});
  context.route_epoch_floor = 8;
  context_changed();
  certificate_is_good();
  step(event::HelloReceived{hello()});
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::input});
}

TEST_F(StalePeer, IsOutAtOnceForAnythingElse) {
  fall_behind();
  certificate_is_good();
  context_changed();
  expect_failed(FailureReason::certificate_revoked,
                step(event::Revalidated{refused(FailureReason::certificate_revoked)}));
}

TEST_F(StalePeer, IsOutAtOnceWhenPolicyDeniesIt) {
  fall_behind();
  rule().disabled = true;
  expect_failed(FailureReason::peer_disabled, context_changed());
}

TEST_F(StalePeer, GetsNoNewChannel) {
  context.route_epoch_floor = 8;
  reach_authorizing();
  expect_failed(FailureReason::route_epoch_stale, step(event::HelloReceived{hello()}));
}

TEST_F(StalePeer, OfAnOldTrustBundleIsTheSame) {
  reach_established();
  context.trust_bundle_floor = 6;
  context_changed();
  certificate_is_good();
  EXPECT_EQ(channel.state(), State::degraded);
  EXPECT_EQ(channel.reason(), FailureReason::trust_bundle_stale);
  context.authority = ConfigAuthority::expired;
  expect_failed(FailureReason::trust_bundle_stale, context_changed());
}

}  // namespace
}  // namespace rap::channel
