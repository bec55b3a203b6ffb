#include "node/fabric/channels/channel_context.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "snapshot/configuration/denied.hpp"

namespace rap::fabric {
namespace {

using channel::ConfigAuthority;
using namespace std::chrono_literals;

struct ChannelContextTest : testing::Test {
  ChannelContextTest() {
    config.cluster = ClusterId::random(rng);
    config.node = NodeId::random(rng);
    config.issued_at = to_unix(now);
    config.valid_for_s = 100;
  }
  channel::Context context() const {
    return context_of(config, policy, ConfigAuthority::current, mono, now);
  }

  static constexpr WallTime now = from_unix(1'800'000'000);
  static constexpr MonoTime mono{1h};
  SeededRandom rng{1};
  snapshot::NodeConfig config;
  snapshot::ChannelPolicy policy;
};

TEST_F(ChannelContextTest, AConfigurationEndsWithItsLifetimeAndNotASecondBefore) {
  EXPECT_EQ(ConfigAuthority::current, authority_of(config, std::nullopt, now + 99s));
  EXPECT_EQ(ConfigAuthority::expired, authority_of(config, std::nullopt, now + 100s));
}

TEST_F(ChannelContextTest, AControlPlaneThatRestartsDegradesNothing) {
  EXPECT_EQ(ConfigAuthority::current, authority_of(config, now, now + kControlGrace - 1s));
  EXPECT_EQ(ConfigAuthority::degraded, authority_of(config, now, now + kControlGrace));
}

TEST_F(ChannelContextTest, WhoHasNeverHeardOfTheControlPlaneIsDegradedFromTheBeginning) {
  EXPECT_EQ(ConfigAuthority::degraded, authority_of(config, kNeverHeard, now));
}

TEST_F(ChannelContextTest, ThePolicyGoesBeforeWhatTheConfigurationSaysOfNewChannels) {
  using wire::TrafficClass;
  config.degraded_classes = {TrafficClass::input};
  EXPECT_EQ(config.degraded_classes, context().degraded_classes);
  EXPECT_EQ(wire::TrafficClassSet::all(), context().degraded_continuing);
  policy.degraded_opening = {TrafficClass::vpn_packet};
  policy.degraded_continuing = {TrafficClass::render};
  EXPECT_EQ(policy.degraded_opening, context().degraded_classes);
  EXPECT_EQ(policy.degraded_continuing, context().degraded_continuing);
  EXPECT_EQ(Duration::zero(), context().stale_peer);
  policy.stale_peer = 9s;
  EXPECT_EQ(9s, context().stale_peer);
}

TEST_F(ChannelContextTest, WhatHasExpiredIsNotMerelyDegraded) {
  EXPECT_EQ(ConfigAuthority::expired, authority_of(config, now, now + 100s));
}

TEST_F(ChannelContextTest, DrainsUntilTheDeadlineByTheClockThatOnlyGoesForward) {
  EXPECT_FALSE(context().draining);
  EXPECT_FALSE(context().drain_by);
  config.draining = true;
  EXPECT_FALSE(context().drain_by) << "in its own time";
  config.drain_deadline = to_unix(now + 30s);
  EXPECT_EQ(mono + 30s, context().drain_by);
  config.drain_deadline = to_unix(now - 30s);
  EXPECT_EQ(mono, context().drain_by) << "at once, and not before now";
  config.draining = false;
  EXPECT_FALSE(context().drain_by);
}

TEST_F(ChannelContextTest, KnowsRevokedNodesWithTheirSeverityAndLeavesTheRestToTheDenyList) {
  const NodeId closed = NodeId::random(rng);
  const NodeId drained = NodeId::random(rng);
  config.revocations = {
      {.kind = snapshot::RevocationKind::node, .node = closed},
      {.kind = snapshot::RevocationKind::node, .node = drained, .severity = wire::Severity::drain},
      {.kind = snapshot::RevocationKind::key, .key = {1}}};
  const auto revoked = context().revoked;
  ASSERT_EQ(2U, revoked.size());
  EXPECT_EQ(wire::Severity::close, revoked.at(closed));
  EXPECT_EQ(wire::Severity::drain, revoked.at(drained));
}

TEST_F(ChannelContextTest, DeniesNodesCertificatesAndKeysWithTheirSeverity) {
  const NodeId node = NodeId::random(rng);
  config.revocations = {
      {.kind = snapshot::RevocationKind::node, .node = node},
      {.kind = snapshot::RevocationKind::certificate, .issuer = {7}, .serial = "0a"},
      {.kind = snapshot::RevocationKind::key, .key = {9}, .severity = wire::Severity::drain}};
  const auto deny = deny_list_of(config);
  ASSERT_TRUE(deny);
  EXPECT_EQ(wire::Severity::close, deny->node(node));
  EXPECT_EQ(wire::Severity::close, deny->certificate({7}, "0A"));
  EXPECT_EQ(wire::Severity::drain, deny->key({9}));
}

TEST_F(ChannelContextTest, HasNoDenyListRatherThanOneWithAHole) {
  config.revocations = {
      {.kind = snapshot::RevocationKind::certificate, .issuer = {7}, .serial = ""}};
  EXPECT_FALSE(deny_list_of(config));
  config.revocations.assign(crypto::DenyList::kMaxEntries,
                            {.kind = snapshot::RevocationKind::key, .key = {9}});
  EXPECT_TRUE(deny_list_of(config));
  config.revocations.push_back({.kind = snapshot::RevocationKind::key, .key = {8}});
  EXPECT_FALSE(deny_list_of(config));
}

}  // namespace
}  // namespace rap::fabric
