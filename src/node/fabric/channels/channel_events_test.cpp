#include "node/fabric/channels/channel_events.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::fabric {
namespace {

using channel::FailureReason;
using channel::State;
using enum wire::SecurityEventKind;

class ChannelEvents : public ::testing::Test {
 protected:
  std::optional<wire::SecurityEventKind> kind(State from, State to, FailureReason reason,
                                              bool by_peer = false) {
    const auto event = security_event_of({{}, peer, from, to, reason, by_peer});
    if (!event) return std::nullopt;
    EXPECT_EQ(event->peer, peer);
    EXPECT_EQ(event->reason, channel::to_string(reason));
    return event->kind;
  }

  SeededRandom rng{1};
  NodeId peer = NodeId::random(rng);
};

TEST_F(ChannelEvents, SayWhoWasNotLetInAndForWhat) {
  EXPECT_EQ(kind(State::handshaking, State::failed, FailureReason::certificate_invalid),
            peer_certificate_refused);
  EXPECT_EQ(kind(State::authenticating, State::failed, FailureReason::wrong_node),
            peer_certificate_refused);
  EXPECT_EQ(kind(State::authenticating, State::failed, FailureReason::certificate_revoked),
            revoked_peer_refused);
  EXPECT_EQ(kind(State::authorizing, State::failed, FailureReason::certificate_revoked),
            revoked_peer_refused);
  EXPECT_EQ(kind(State::authorizing, State::failed, FailureReason::policy_denied), peer_refused);
  EXPECT_EQ(kind(State::authorizing, State::failed, FailureReason::peer_disabled), peer_refused);
}

TEST_F(ChannelEvents, SayOnceThatAChannelWasClosedByPolicy) {
  EXPECT_EQ(kind(State::established, State::revalidating, FailureReason::none), std::nullopt);
  EXPECT_EQ(kind(State::revalidating, State::failed, FailureReason::certificate_revoked),
            channel_closed);
  EXPECT_EQ(kind(State::established, State::draining, FailureReason::certificate_revoked),
            channel_closed);
  EXPECT_EQ(kind(State::draining, State::closing, FailureReason::certificate_revoked),
            std::nullopt);
  EXPECT_EQ(kind(State::established, State::failed, FailureReason::policy_denied), channel_closed);
}

TEST_F(ChannelEvents, AreNoneOfABadNetworkADrainOrWhatThePeerSaysOfUs) {
  EXPECT_EQ(kind(State::connecting, State::failed, FailureReason::network_unreachable),
            std::nullopt);
  EXPECT_EQ(kind(State::degraded, State::failed, FailureReason::heartbeat_timeout), std::nullopt);
  EXPECT_EQ(kind(State::established, State::draining, FailureReason::peer_draining), std::nullopt);
  EXPECT_EQ(kind(State::established, State::closing, FailureReason::none), std::nullopt);
  EXPECT_EQ(kind(State::established, State::closing, FailureReason::certificate_revoked, true),
            std::nullopt);
}

TEST_F(ChannelEvents, OfARefusedHandshakeNameTheNetwork) {
  const auto event = security_event_of(FailureReason::wrong_cluster, "2001:db8:1:2:3::4");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, peer_certificate_refused);
  EXPECT_EQ(event->source, "2001:db8:1:2::/64");
  EXPECT_EQ(security_event_of(FailureReason::wrong_cluster, "fe80::1%eth0")->source, "fe80::/64");
  EXPECT_EQ(security_event_of(FailureReason::certificate_revoked, "192.0.2.1")->kind,
            revoked_peer_refused);
  EXPECT_FALSE(security_event_of(FailureReason::network_unreachable, "192.0.2.1"));
}

}  // namespace
}  // namespace rap::fabric
