#include "snapshot/configuration/build.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "mesh/neighbours.hpp"
#include "policy/channel_classes.hpp"

namespace rap::snapshot {
namespace {

using enum policy::NodeRole;

constexpr WallTime kNow = from_unix(1'700'000'000);

class BuildNodeConfig : public ::testing::Test {
 protected:
  NodeId add_node(std::string name, std::vector<policy::NodeRole> roles) {
    ModelNode node;
    node.id = NodeId::random(rng);
    node.name = name;
    node.roles = std::move(roles);
    node.fabric_endpoint = name + ":7443";
    rng.fill(node.seal_key);
    model.nodes.push_back(node);
    return node.id;
  }
  EgressPoolId add_pool(std::vector<NodeId> members) {
    model.pools.push_back({EgressPoolId::random(rng), std::move(members)});
    return model.pools.back().id;
  }
  ResourceId add_resource(EgressPoolId pool) {
    model.resources.push_back({ResourceId::random(rng), OrganizationId::random(rng), pool,
                               policy::Protocol::ssh, "10.0.0.5", 22});
    return model.resources.back().id;
  }
  NodeConfig config_of(NodeId node) const {
    auto config = build_node_config(ClusterIndex(model), node, kNow);
    EXPECT_TRUE(config);
    return config.value_or(NodeConfig{});
  }
  ModelNode& model_node(NodeId id) { return *std::ranges::find(model.nodes, id, &ModelNode::id); }
  const Peer* peer_of(const NodeConfig& config, NodeId id) const {
    const auto it = std::ranges::find(config.peers, id, &Peer::node);
    return it == config.peers.end() ? nullptr : &*it;
  }

  SeededRandom rng{1};
  ClusterModel model{7, ClusterId::random(rng), "ROOTS", {{"kid", "PEM"}}, {}, {}, {}};
};

class ThreeNodes : public BuildNodeConfig {
 protected:
  NodeId entry_1 = add_node("entry-1", {entry});
  NodeId relay_1 = add_node("relay-1", {relay});
  NodeId egress_1 = add_node("egress-1", {egress});
  NodeId egress_2 = add_node("egress-2", {egress});
  EgressPoolId office = add_pool({egress_1});
  ResourceId office_ssh = add_resource(office);
};

// What keeps the fabric itself going, and what flows of ssh have beside it.
constexpr wire::TrafficClassSet kWithoutFlows =
    wire::TrafficClassSet::all().without(policy::kFlowClasses);
constexpr wire::TrafficClassSet kWithSsh =
    kWithoutFlows.join({wire::TrafficClass::input, wire::TrafficClass::file_transfer});

TEST_F(ThreeNodes, AChannelCarriesWhatTheServicesBehindItNeedAndNoOtherFlows) {
  EXPECT_EQ(peer_of(config_of(entry_1), relay_1)->classes, kWithSsh);
  EXPECT_EQ(peer_of(config_of(relay_1), entry_1)->classes, kWithSsh);
  EXPECT_EQ(peer_of(config_of(relay_1), egress_1)->classes, kWithSsh);
  EXPECT_EQ(peer_of(config_of(relay_1), egress_2)->classes, kWithoutFlows)
      << "it serves no organization";
  EXPECT_EQ(peer_of(config_of(egress_2), relay_1)->classes, kWithoutFlows) << "and knows it";
  add_resource(add_pool({egress_2}));
  EXPECT_EQ(peer_of(config_of(relay_1), egress_2)->classes, kWithSsh);
  model.resources.clear();
  for (const NodeId end : {entry_1, egress_1, egress_2}) {
    EXPECT_EQ(peer_of(config_of(relay_1), end)->classes, kWithoutFlows);
    EXPECT_EQ(peer_of(config_of(end), relay_1)->classes, kWithoutFlows);
  }
}

TEST_F(ThreeNodes, WhatANodeThatAlsoRelaysIsSentMayGoOnToAnyEgress) {
  model_node(egress_2).roles = {relay, egress};
  EXPECT_EQ(peer_of(config_of(entry_1), egress_2)->classes, kWithSsh);
}

TEST_F(ThreeNodes, EntryKnowsPoolsAndRelaysAndNoTarget) {
  const NodeConfig c = config_of(entry_1);
  EXPECT_EQ(c.version, 7U);
  EXPECT_EQ(c.node_name, "entry-1");
  EXPECT_EQ(c.issued_at, to_unix(kNow));
  ASSERT_EQ(c.peers.size(), 1U);
  EXPECT_EQ(c.peers[0], (Peer{.node = relay_1,
                              .roles = {relay},
                              .dial = true,
                              .endpoints = {"relay-1:7443"},
                              .classes = kWithSsh}));
  ASSERT_EQ(c.pools.size(), 1U);
  EXPECT_EQ(c.pools[0].id, office);
  ASSERT_EQ(c.pools[0].members.size(), 1U);
  EXPECT_EQ(c.pools[0].members[0].node, egress_1);
  EXPECT_EQ(c.pools[0].members[0].seal_key, model.nodes[2].seal_key);
  EXPECT_EQ(c.token_keys, model.token_keys);
  ASSERT_EQ(c.routes.size(), 2U);
  for (const ConfiguredRoute& r : c.routes) EXPECT_EQ(r.next_hops, std::vector{relay_1});

  EXPECT_TRUE(c.resources.empty()) << "an entry must not learn where resources are";
}

TEST_F(ThreeNodes, ADisabledNodeIsNamedToItsNeighboursAndUsedByNobody) {
  model_node(egress_1).disabled = true;
  const NodeConfig c = config_of(relay_1);
  ASSERT_TRUE(peer_of(c, egress_1));
  EXPECT_EQ(*peer_of(c, egress_1), (Peer{.node = egress_1, .roles = {egress}, .disabled = true}));
  ASSERT_EQ(c.routes.size(), 1U);
  EXPECT_EQ(c.routes[0].egress, egress_2);
  EXPECT_TRUE(config_of(entry_1).pools.empty());
  EXPECT_FALSE(build_node_config(ClusterIndex(model), egress_1, kNow)) << "it is told nothing";
  EXPECT_FALSE(peer_of(config_of(entry_1), egress_1)) << "it was never a neighbour of the entry";
}

TEST_F(ThreeNodes, RelayKnowsItsNeighboursAndNothingOfTenants) {
  const NodeConfig c = config_of(relay_1);
  EXPECT_EQ(c.peers.size(), 3U);
  for (const Peer& p : c.peers) {
    EXPECT_FALSE(p.dial);
    EXPECT_TRUE(p.endpoints.empty()) << "a relay that does not dial needs no address";
  }
  ASSERT_EQ(c.routes.size(), 2U);
  for (const ConfiguredRoute& r : c.routes) EXPECT_EQ(r.next_hops, std::vector{r.egress});

  EXPECT_TRUE(c.token_keys.empty());
  EXPECT_TRUE(c.pools.empty());
  EXPECT_TRUE(c.resources.empty());
}

TEST_F(ThreeNodes, EgressKnowsOnlyTheResourcesOfItsPools) {
  const NodeConfig c = config_of(egress_1);
  ASSERT_EQ(c.peers.size(), 1U);
  EXPECT_EQ(c.peers[0], (Peer{.node = relay_1,
                              .roles = {relay},
                              .dial = true,
                              .endpoints = {"relay-1:7443"},
                              .classes = kWithSsh}));
  ASSERT_EQ(c.resources.size(), 1U);
  EXPECT_EQ(c.resources[0].id, office_ssh);
  EXPECT_EQ(c.token_keys, model.token_keys);

  EXPECT_TRUE(c.routes.empty());
  EXPECT_TRUE(c.pools.empty());
  EXPECT_TRUE(config_of(egress_2).resources.empty()) << "not a member of the pool";
}

TEST_F(ThreeNodes, ANodeWithoutRolesLearnsNothing) {
  const NodeId idle = add_node("idle", {});
  const NodeConfig c = config_of(idle);
  EXPECT_TRUE(c.peers.empty() && c.routes.empty() && c.pools.empty() && c.resources.empty());
  EXPECT_TRUE(c.token_keys.empty());
  EXPECT_FALSE(c.draining);
  EXPECT_EQ(c.trust_bundle_pem, "ROOTS");
  EXPECT_EQ(peer_of(config_of(relay_1), idle), nullptr);
}

TEST_F(ThreeNodes, ANodeThatLeftIsInNobodysConfiguration) {
  std::erase_if(model.nodes, [&](const ModelNode& n) { return n.id == egress_1; });
  EXPECT_FALSE(build_node_config(ClusterIndex(model), egress_1, kNow));
  EXPECT_EQ(peer_of(config_of(relay_1), egress_1), nullptr);
  const NodeConfig c = config_of(entry_1);
  EXPECT_TRUE(c.pools.empty()) << "a pool without a usable member is left out";
  EXPECT_EQ(c.routes.size(), 1U);
}

TEST_F(ThreeNodes, AMemberWithoutTheEgressRoleServesNoPool) {
  model.pools[0].members = {relay_1};
  EXPECT_TRUE(config_of(entry_1).pools.empty());
  EXPECT_TRUE(config_of(relay_1).resources.empty());
}

TEST_F(ThreeNodes, OnlyADrainingNodeLearnsItsDeadlineAndOnlyNeighboursLearnThatItDrains) {
  model_node(egress_1).draining = true;
  model_node(egress_1).drain_deadline = to_unix(kNow) + 600;
  const NodeConfig own = config_of(egress_1);
  EXPECT_TRUE(own.draining);
  EXPECT_EQ(own.drain_deadline, to_unix(kNow) + 600);
  const NodeConfig neighbour = config_of(relay_1);
  EXPECT_TRUE(peer_of(neighbour, egress_1)->draining);
  EXPECT_FALSE(neighbour.draining);
  EXPECT_EQ(neighbour.drain_deadline, 0);
  for (const Peer& p : config_of(entry_1).peers) EXPECT_FALSE(p.draining);
  EXPECT_TRUE(config_of(entry_1).pools.empty()) << "no new flow is sent to one that drains";
  EXPECT_EQ(config_of(entry_1).routes.size(), 2U) << "those it has go on";

  model_node(egress_1).draining = false;
  EXPECT_EQ(config_of(egress_1).drain_deadline, 0) << "a deadline of a drain that was undone";
}

TEST_F(ThreeNodes, EveryNodeLearnsAllRevocationsAndTheVersionsInForce) {
  const std::vector<Revocation> revocations = {
      {.node = NodeId::random(rng)},
      {.kind = RevocationKind::certificate, .serial = "0a", .severity = wire::Severity::drain}};
  const Revocation outlived{.node = NodeId::random(rng)};
  model.revocations = {
      {revocations[0]}, {outlived, to_unix(kNow)}, {revocations[1], to_unix(kNow) + 1}};
  model.trust_bundle_version = 3;
  model.trust_bundle_floor = 2;
  model.revocation_version = 5;
  model.route_epoch = 9;
  model.route_epoch_floor = 8;
  for (const NodeId id : {entry_1, relay_1, egress_1}) {
    const NodeConfig c = config_of(id);
    EXPECT_EQ(c.revocations, revocations);
    EXPECT_EQ(c.trust_bundle_version, 3U);
    EXPECT_EQ(c.trust_bundle_floor, 2U);
    EXPECT_EQ(c.revocation_version, 5U);
    EXPECT_EQ(c.route_epoch, 9U);
    EXPECT_EQ(c.route_epoch_floor, 8U);
    EXPECT_EQ(c.peer_directory_version, model.version);
    EXPECT_EQ(c.valid_for_s, kDefaultValidForS);
    EXPECT_EQ(c.degraded_classes, default_degraded_classes());
  }
}

TEST_F(BuildNodeConfig, ANodeThatManyDialIsABootstrapPeerToIt) {
  const NodeId relay_1 = add_node("relay-1", {relay});
  NodeId last;
  for (std::size_t i = 0; i < mesh::kBootstrapThreshold; ++i)
    last = add_node("e" + std::to_string(i), {egress});
  EXPECT_FALSE(peer_of(config_of(last), relay_1)->bootstrap);
  last = add_node("one-more", {egress});
  EXPECT_TRUE(peer_of(config_of(last), relay_1)->bootstrap);
}

TEST_F(BuildNodeConfig, WithoutRelaysEgressDialsEveryEntry) {
  const NodeId entry_1 = add_node("entry-1", {entry});
  const NodeId entry_2 = add_node("entry-2", {entry});
  const NodeId egress_1 = add_node("egress-1", {egress});
  for (NodeId e : {entry_1, entry_2}) {
    const NodeConfig c = config_of(e);
    ASSERT_EQ(c.peers.size(), 1U);
    EXPECT_EQ(c.peers[0], (Peer{.node = egress_1, .roles = {egress}, .classes = kWithoutFlows}));
    EXPECT_EQ(c.routes, (std::vector<ConfiguredRoute>{{egress_1, {egress_1}}}));
  }
  const NodeConfig c = config_of(egress_1);
  ASSERT_EQ(c.peers.size(), 2U);
  for (const Peer& p : c.peers) EXPECT_TRUE(p.dial);
}

TEST_F(BuildNodeConfig, AnEntryPrefersAnEgressThatRelaysForItself) {
  const NodeId e = add_node("entry", {entry});
  const NodeId both = add_node("both", {relay, egress});
  const NodeId r = add_node("relay", {relay});
  EXPECT_EQ(config_of(e).routes, (std::vector<ConfiguredRoute>{{both, {both, r}}}));
  EXPECT_EQ(config_of(r).routes, (std::vector<ConfiguredRoute>{{both, {both}}}));
  EXPECT_TRUE(config_of(both).routes.empty()) << "it is the only egress: there is nobody else";
}

// Any mix of roles: both ends agree on the channel, exactly one dials, every next hop is a
// neighbour that can go on, and no path is longer than entry, relay, egress.
TEST_F(BuildNodeConfig, IsConsistentForEveryMixOfRoles) {
  for (int round = 0; round < 300; ++round) {
    model.nodes.clear();
    const auto count = 1 + rng.below(7);
    for (std::uint64_t i = 0; i < count; ++i) {
      std::vector<policy::NodeRole> roles;
      for (auto role : {entry, relay, egress}) {
        if (rng.below(2) == 0) roles.push_back(role);
      }
      add_node("n" + std::to_string(i), roles);
    }
    std::map<NodeId, NodeConfig> configs;
    for (const ModelNode& n : model.nodes) configs[n.id] = config_of(n.id);
    for (const auto& [id, c] : configs) {
      for (const Peer& p : c.peers) {
        const Peer* back = peer_of(configs[p.node], id);
        ASSERT_TRUE(back);
        EXPECT_NE(back->dial, p.dial);
        EXPECT_EQ(back->classes, p.classes);
        EXPECT_EQ(p.endpoints.size(), p.dial ? 1U : 0U);
      }
      for (const ConfiguredRoute& r : c.routes) {
        for (NodeId hop : r.next_hops) {
          ASSERT_TRUE(peer_of(c, hop));
          if (hop == r.egress) continue;
          EXPECT_FALSE(c.has_role(relay)) << "a relay hands a flow to the egress only";
          const auto& onward = configs[hop].routes;
          const auto it = std::ranges::find(onward, r.egress, &ConfiguredRoute::egress);
          ASSERT_NE(it, onward.end());
          EXPECT_EQ(it->next_hops, std::vector{r.egress});
        }
      }
    }
  }
}

}  // namespace
}  // namespace rap::snapshot
