// What goes on without the control plane (CH-14), and everything that must not begin, tried.
#include "node/channel/channel_world.hpp"

namespace rap::channel {
namespace {

constexpr TrafficClassSet kHighRisk = {TrafficClass::vpn_packet, TrafficClass::storage_fetch,
                                       TrafficClass::update_fetch};

class Degraded : public LifecycleTest {
 protected:
  Degraded() {
    rule().classes = TrafficClassSet::all();
    context.degraded_classes = TrafficClassSet::all().without(kHighRisk);
  }
  void lose_control() {
    context.authority = ConfigAuthority::degraded;
    context_changed();
    step(event::Revalidated{verdict(b)});
  }
  wire::Hello hello_with(TrafficClassSet classes) const {
    auto h = hello();
    h.classes = classes;
    return h;
  }
  // A channel that was made under a current configuration and lost the control plane.
  void go_on_with(TrafficClassSet classes) {
    reach_authorizing();
    step(event::HelloReceived{hello_with(classes)});
    lose_control();
    ASSERT_EQ(channel.state(), State::degraded);
    ASSERT_EQ(channel.classes(), classes);
  }
  void open_without_control() {
    context.authority = ConfigAuthority::degraded;
    reach_authorizing();
  }
};

// --- what must not begin

TEST_F(Degraded, ANodeThatWasEnrolledSinceIsNoPeer) {
  context.authority = ConfigAuthority::degraded;
  context.peers.clear();  // the snapshot does not name it, whatever its certificate says
  dial();
  expect_failed(FailureReason::policy_denied, step(event::Proven{verdict(b)}));
}

TEST_F(Degraded, ACertificateUnderARootThatIsNewSinceProvesNothing) {
  context.authority = ConfigAuthority::degraded;
  dial();
  expect_failed(FailureReason::certificate_invalid,
                step(event::Proven{refused(FailureReason::certificate_invalid)}));
}

TEST_F(Degraded, APeerThatSaysItHasNewerTrustAndRolesChangesNothingHere) {
  rule().classes = {TrafficClass::input, TrafficClass::render};
  go_on_with({TrafficClass::input});
  auto h = hello_with(TrafficClassSet::all());
  h.config_version = h.peer_directory_version = h.trust_bundle_version = h.route_epoch = 1'000'000;
  const auto actions = step(event::HelloReceived{h});
  EXPECT_EQ(channel.state(), State::degraded) << "a peer is no control plane";
  EXPECT_EQ(channel.classes(), (TrafficClassSet{TrafficClass::input, TrafficClass::render}))
      << "what our own snapshot gives it in this case, and no more";
  EXPECT_FALSE(find<action::SendHello>(actions)) << "nor do we announce another trust than ours";
  EXPECT_EQ(context.versions.trust_bundle, 5U);
}

TEST_F(Degraded, APeerOfAnotherClusterStaysAStranger) {
  context.authority = ConfigAuthority::degraded;
  dial();
  const Proof stranger{wire::SpiffeId::of_node(ClusterId::random(rng), b), 1h};
  expect_failed(FailureReason::wrong_cluster, step(event::Proven{stranger}));
}

TEST_F(Degraded, NothingThatPeersSayMakesItCurrentAgain) {
  go_on_with({TrafficClass::input});
  for (std::uint64_t version = 1; version < 20; ++version) {
    auto beat = heartbeat();
    beat.sequence = version;
    beat.config_version = beat.route_epoch = version * 1000;
    step(event::HeartbeatReceived{LaneKind::interactive, beat});
    EXPECT_EQ(channel.state(), State::degraded);
  }
  context_changed();  // judged again, and nothing has changed
  step(event::Revalidated{verdict(b)});
  EXPECT_EQ(channel.state(), State::degraded);
}

TEST_F(Degraded, ANewChannelCarriesNoneOfHighRisk) {
  open_without_control();
  step(event::HelloReceived{hello_with(TrafficClassSet::all())});
  EXPECT_EQ(channel.state(), State::degraded);
  EXPECT_TRUE(channel.classes().intersect(kHighRisk).empty());
  EXPECT_TRUE(channel.classes().contains(TrafficClass::input));
  step(event::HelloReceived{hello_with(TrafficClassSet::all())});
  context_changed();
  EXPECT_TRUE(channel.classes().intersect(kHighRisk).empty()) << "nor a moment later";
}

TEST_F(Degraded, ANewChannelForHighRiskAloneIsRefused) {
  open_without_control();
  expect_failed(FailureReason::channel_class_denied,
                step(event::HelloReceived{hello_with(kHighRisk)}));
}

TEST_F(Degraded, ALiveChannelTakesUpNoneOfHighRisk) {
  go_on_with({TrafficClass::input});
  step(event::HelloReceived{hello_with(TrafficClassSet::all())});
  EXPECT_TRUE(channel.classes().intersect(kHighRisk).empty());
  EXPECT_EQ(channel.classes(), context.degraded_classes);
  context.authority = ConfigAuthority::current;
  context_changed();
  EXPECT_EQ(channel.classes(), TrafficClassSet::all()) << "as soon as the control plane is back";
}

// --- the other side of a partition

TEST_F(Degraded, APeerThatIsCutOffGetsANewChannelAsIfWeWere) {
  reach_authorizing();
  auto h = hello_with(TrafficClassSet::all());
  h.degraded = true;
  step(event::HelloReceived{h});
  EXPECT_EQ(channel.state(), State::degraded) << "and whoever looks sees it";
  EXPECT_EQ(channel.classes(), context.degraded_classes);
  EXPECT_TRUE(channel.takes_new_flows());
  h.degraded = false;
  step(event::HelloReceived{h});
  EXPECT_EQ(channel.state(), State::established);
  EXPECT_EQ(channel.classes(), TrafficClassSet::all());
}

TEST_F(Degraded, APeerThatIsCutOffTakesUpNothingNew) {
  reach_authorizing();
  step(event::HelloReceived{hello_with({TrafficClass::input})});
  auto h = hello_with({TrafficClass::input, TrafficClass::vpn_packet});
  h.degraded = true;
  step(event::HelloReceived{h});
  EXPECT_EQ(channel.state(), State::degraded);
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::input});
}

TEST_F(Degraded, ThePeerIsToldAtOnceThatWeAreCutOff) {
  reach_established();
  context.authority = ConfigAuthority::degraded;
  const auto actions = context_changed();
  ASSERT_TRUE(find<action::SendHello>(actions));
  EXPECT_TRUE(find<action::SendHello>(actions)->hello.degraded);
}

// --- what policy says

TEST_F(Degraded, APeerHearsThatWeAreInReachAgainThoughWeSaidOtherwiseAsWeDialled) {
  open_without_control();
  context.authority = ConfigAuthority::current;
  context_changed();
  const auto actions = step(event::HelloReceived{hello()});
  EXPECT_EQ(channel.state(), State::established);
  const auto* said = find<action::SendHello>(actions);
  ASSERT_TRUE(said) << "or the peer goes on as if we were cut off";
  EXPECT_FALSE(said->hello.degraded);
}

TEST_F(Degraded, PolicyMayLetANewChannelCarryHighRisk) {
  context.degraded_classes = {TrafficClass::vpn_packet};
  open_without_control();
  step(event::HelloReceived{hello_with(TrafficClassSet::all())});
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::vpn_packet});
}

TEST_F(Degraded, WhatThereIsGoesOnWithAllItCarriedUnlessPolicySaysOtherwise) {
  go_on_with(TrafficClassSet::all());
  context.degraded_continuing = {TrafficClass::input};
  context_changed();
  EXPECT_EQ(channel.classes(), TrafficClassSet{TrafficClass::input});
}

TEST_F(Degraded, NothingGoesOnWherePolicyDoesNotPermitIt) {
  go_on_with(TrafficClassSet::all());
  context.degraded_continuing = {};
  expect_failed(FailureReason::channel_class_denied, context_changed());
}

// --- what ends it all the same

TEST_F(Degraded, ARevocationThatIsKnownCountsMoreThanTheWishToGoOn) {
  go_on_with({TrafficClass::input});
  context.revoked[b] = wire::Severity::close;
  expect_failed(FailureReason::certificate_revoked, context_changed());
}

TEST_F(Degraded, ACertificateThatExpiresEndsIt) {
  go_on_with({TrafficClass::input});
  context_changed();
  expect_failed(FailureReason::certificate_invalid,
                step(event::Revalidated{refused(FailureReason::certificate_invalid)}));
}

TEST_F(Degraded, EndsWithTheLifetimeOfTheSnapshot) {
  go_on_with({TrafficClass::input});
  context.authority = ConfigAuthority::expired;
  expect_failed(FailureReason::trust_bundle_stale, context_changed());
}

}  // namespace
}  // namespace rap::channel
