#include "node/channel/peer_cache.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "node/channel/table.hpp"

namespace rap::channel {
namespace {

class PeerCacheTest : public ::testing::Test {
 protected:
  PeerRule rule(NodeId node, std::vector<std::string> endpoints) const {
    PeerRule out;
    out.node = node;
    out.dial = true;
    out.endpoints = std::move(endpoints);
    return out;
  }
  Context context(std::vector<PeerRule> rules) const {
    Context out;
    out.cluster = cluster;
    out.node = self;
    out.authority = ConfigAuthority::degraded;  // the control plane is away
    out.peers = std::move(rules);
    return out;
  }

  SeededRandom rng{7};
  const MonoTime now{1h};
  const WallTime wall = from_unix(1'700'000'000);
  const ClusterId cluster = ClusterId::random(rng);
  const NodeId self = NodeId::random(rng);
  const NodeId one = NodeId::random(rng);
  const NodeId two = NodeId::random(rng);
};

TEST_F(PeerCacheTest, ANodeThatStartsDialsWhereItReachedItsPeersAndTheWarmestFirst) {
  Reconnector reconnector;
  reconnector.recall({{one, {"old:1", now - 1h}}, {two, {"good:2", now - 1min}}});
  const Context c = context({rule(one, {"new:1", "other:1"}), rule(two, {"bad:2", "good:2"})});
  reconnector.context_changed(now, c, rng);
  EXPECT_EQ(reconnector.due(now, c), (std::vector{two, one}));
  EXPECT_EQ(reconnector.begin(two, 2), 1U) << "where it was reached";
  EXPECT_EQ(reconnector.begin(one, 2), 0U)
      << "an endpoint that is none any more counts for nothing";

  reconnector.ended(two, now, FailureReason::network_unreachable, false, c, rng);
  EXPECT_EQ(reconnector.begin(two, 2), 0U) << "it is where to begin and no more";
  reconnector.established(two, now);
  EXPECT_EQ(reconnector.peers().at(two).good_endpoint, 0U);
  reconnector.ended(two, now, FailureReason::network_unreachable, false, c, rng);
  EXPECT_EQ(reconnector.begin(two, 2), 0U) << "where it was reached last";
}

TEST_F(PeerCacheTest, WhomTheConfigurationDoesNotNameIsForgotten) {
  Table table(rng);
  table.step(now, table_event::NewContext{context({rule(one, {"a:1"})})});
  const PeerCache before{cluster, self, {{two, "b:1", wall, 7ms}, {one, "a:1", wall - 1h, 5ms}}};
  EXPECT_EQ(remember(table, before, wall),
            (PeerCache{cluster, self, {{one, "a:1", wall - 1h, 5ms}}}))
      << "of the others what was known";
  table.step(now, table_event::NewContext{context({})});
  EXPECT_TRUE(remember(table, before, wall).peers.empty());
}

TEST_F(PeerCacheTest, IsBoundedToTheWarmest) {
  Table table(rng);
  PeerCache before{cluster, self, {}};
  std::vector<PeerRule> rules;
  for (std::size_t i = 0; i <= kMaxCachedPeers; ++i) {
    const NodeId node = NodeId::random(rng);
    rules.push_back(rule(node, {"a:1"}));
    before.peers.push_back({node, "a:1", wall - std::chrono::seconds(i), {}});
  }
  table.step(now, table_event::NewContext{context(rules)});
  const PeerCache kept = remember(table, before, wall);
  EXPECT_EQ(kept.peers.size(), kMaxCachedPeers);
  EXPECT_EQ(kept.peers.front().last_success, wall);
  EXPECT_EQ(parse_peer_cache(to_json(kept)), kept);
  EXPECT_EQ(parse_peer_cache(to_json(before)), std::nullopt) << "one more";
}

TEST_F(PeerCacheTest, WhatIsCutShortAnywhereIsNotBelieved) {
  const std::string text = to_json({cluster, self, {{one, "a:1", wall, 5ms}}});
  ASSERT_TRUE(parse_peer_cache(text));
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(parse_peer_cache(text.substr(0, i)));
}

}  // namespace
}  // namespace rap::channel
