#include "node/channel/reconnect.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::channel {
namespace {

class Reconnect : public ::testing::Test {
 protected:
  Reconnect() {
    context.authority = ConfigAuthority::current;
    context.peers = {{a, {}, true, {"a:1", "a:2"}, false, false},
                     {b, {}, true, {"b:1"}, false, false}};
    context_changed();
  }
  void context_changed() { reconnector.context_changed(now, context, rng); }
  std::vector<NodeId> due() { return reconnector.due(now, context); }
  void fail(NodeId peer, FailureReason reason, bool by_peer = false) {
    reconnector.begin(peer, 1);
    end(peer, reason, by_peer);
  }
  void end(NodeId peer, FailureReason reason, bool by_peer = false) {
    reconnector.ended(peer, now, reason, by_peer, context, rng);
  }
  Duration wait(NodeId peer) { return reconnector.peers().at(peer).next_at - now; }

  SeededRandom rng{5};
  NodeId a = NodeId::random(rng);
  NodeId b = NodeId::random(rng);
  Context context;
  Reconnector reconnector;
  MonoTime now{1h};
};

TEST_F(Reconnect, DialsEveryPeerOfTheConfigurationAtOnce) { EXPECT_EQ(due().size(), 2U); }

TEST_F(Reconnect, LeavesAPeerAloneWhileAChannelWithItExists) {
  reconnector.begin(a, 2);
  EXPECT_EQ(due(), std::vector{b});
}

TEST_F(Reconnect, BacksOffUpToACapWithFullJitter) {
  Duration longest{0};
  for (int i = 0; i < 200; ++i) {
    fail(a, FailureReason::network_unreachable);
    EXPECT_GE(wait(a), Duration::zero());
    EXPECT_LE(wait(a), std::min(kRetryCap, kRetryFirst * (1 << std::min(i, 20))));
    longest = std::max(longest, wait(a));
  }
  EXPECT_GT(longest, kRetryCap * 9 / 10);
  EXPECT_EQ(reconnector.peers().at(a).last_reason, FailureReason::backoff_exhausted);
}

TEST_F(Reconnect, AChannelThatLivedStartsAfreshAndOneThatFlappedDoesNot) {
  for (int i = 0; i < 6; ++i) fail(a, FailureReason::network_unreachable);
  reconnector.begin(a, 1);
  reconnector.established(a, now);
  now += 1s;
  end(a, FailureReason::heartbeat_timeout);
  EXPECT_EQ(reconnector.peers().at(a).failures, 7U);
  reconnector.begin(a, 1);
  reconnector.established(a, now);
  now += kStableAfter;
  end(a, FailureReason::heartbeat_timeout);
  EXPECT_EQ(reconnector.peers().at(a).failures, 1U);
}

// Found by the stampede in simulation: a peer that had once been there was never backed off from.
TEST_F(Reconnect, BacksOffFromAPeerThatWasThereOnceAsFromAnyOther) {
  reconnector.begin(a, 1);
  reconnector.established(a, now);
  now += 1h;
  end(a, FailureReason::heartbeat_timeout);
  for (unsigned i = 2; i < 8; ++i) {
    now += 1min;
    fail(a, FailureReason::network_unreachable);
    EXPECT_EQ(reconnector.peers().at(a).failures, i);
  }
}

TEST_F(Reconnect, AnOrderlyEndIsNoFailure) {
  fail(a, FailureReason::peer_draining);
  EXPECT_EQ(reconnector.peers().at(a).failures, 0U);
}

TEST_F(Reconnect, ComesBackSoonWhenThePeerNoLongerDrains) {
  context.peers[0].draining = true;
  context_changed();
  for (int i = 0; i < 20; ++i) fail(a, FailureReason::network_unreachable);
  context.peers[0].draining = false;
  context_changed();
  EXPECT_EQ(due().size(), 2U);
}

TEST_F(Reconnect, StopsWhenThePeerIsRevokedOrDeniedUntilTheConfigurationChanges) {
  for (const auto reason : {FailureReason::certificate_revoked, FailureReason::policy_denied,
                            FailureReason::channel_class_denied, FailureReason::peer_disabled}) {
    fail(a, reason);
    now += 24h;
    EXPECT_EQ(due(), std::vector{b}) << to_string(reason);
    EXPECT_TRUE(reconnector.peers().at(a).stopped);
    context_changed();
    EXPECT_EQ(due().size(), 2U);
  }
}

// Its configuration may be behind ours, or ours behind its.
TEST_F(Reconnect, AsksAgainLaterWhenItWasThePeerWhoRefused) {
  fail(a, FailureReason::policy_denied, true);
  EXPECT_LE(wait(a), kRetryFirst);
  now += kRetryFirst;
  EXPECT_EQ(due().size(), 2U);
}

TEST_F(Reconnect, TriesTheEndpointsInTurn) {
  EXPECT_EQ(reconnector.begin(a, 2), 0U);
  EXPECT_EQ(reconnector.begin(a, 2), 1U);
  EXPECT_EQ(reconnector.begin(a, 2), 0U);
}

TEST_F(Reconnect, PrefersWarmPeersAndComesToBootstrapPeersLast) {
  NodeId boot = NodeId::random(rng);
  context.peers.insert(context.peers.begin(), {boot, {}, true, {"x:1"}, true, false});
  context_changed();
  reconnector.established(b, now);
  EXPECT_EQ(due(), (std::vector{b, a, boot}));
}

TEST_F(Reconnect, IsQuietWhileEitherSideDrains) {
  context.peers[0].draining = true;
  EXPECT_EQ(due(), std::vector{b});
  context.draining = true;
  EXPECT_TRUE(due().empty());
  EXPECT_FALSE(reconnector.next_timeout(context));
}

TEST_F(Reconnect, IsQuietOnceTheConfigurationHasExpired) {
  context.authority = ConfigAuthority::expired;
  EXPECT_TRUE(due().empty());
}

TEST_F(Reconnect, ForgetsPeersThatAreNoLongerDialled) {
  context.peers[0].dial = false;
  context_changed();
  EXPECT_EQ(due(), std::vector{b});
  EXPECT_EQ(reconnector.peers().size(), 1U);
}

}  // namespace
}  // namespace rap::channel
