#include "snapshot/configuration/config_texts.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::snapshot {
namespace {

using policy::NodeRole;

constexpr WallTime kThen = from_unix(1'700'000'000);

TEST(ConfigTexts, AreMadeAnothersByItsIdAndNameAlone) {
  SeededRandom rng(4);
  NodeConfig config;
  config.version = 7;
  config.node = NodeId::random(rng);
  config.node_name = "first";
  config.trust_bundle_pem = "ROOTS\n";
  config.peers.push_back({.node = config.node});
  const OwnableConfig ownable(config, true);
  std::string text;
  ownable.write_text_of(config.node, config.node_name, text);
  EXPECT_EQ(text, to_json(config));
  for (const char* name : {"a", "another \"name\"\n", "", "\"node\":\"x\",\"node_name\":\"y\","}) {
    config.node = NodeId::random(rng);
    config.node_name = name;
    EXPECT_EQ(ownable.config_of(config.node, name), config);
    ownable.write_text_of(config.node, name, text);
    EXPECT_EQ(text, to_json(config)) << name;
  }
}

ModelNode some_node(SeededRandom& rng, std::size_t number) {
  ModelNode node;
  node.id = NodeId::random(rng);
  node.name = "node-" + std::to_string(number);
  for (const NodeRole role : {NodeRole::entry, NodeRole::relay, NodeRole::egress}) {
    if (rng.below(3) == 0) node.roles.push_back(role);
  }
  node.fabric_endpoint = node.name + ":7443";
  rng.fill(node.seal_key);
  node.draining = rng.below(5) == 0;
  if (node.draining) node.drain_deadline = static_cast<std::int64_t>(rng.below(2) * 100);
  node.disabled = rng.below(6) == 0;
  return node;
}

// The relays of a cluster change who dials whom, so half of them have none.
ClusterModel some_cluster(SeededRandom& rng, bool with_relays) {
  ClusterModel model{7, ClusterId::random(rng), "ROOTS", {{"kid", "PEM"}}, {}, {}, {}};
  for (std::size_t i = 0; i < 24; ++i) {
    ModelNode node = some_node(rng, i);
    if (!with_relays) std::erase(node.roles, NodeRole::relay);
    model.nodes.push_back(std::move(node));
  }
  for (int p = 0; p < 3; ++p) {
    ModelPool pool{EgressPoolId::random(rng), {}};
    for (const ModelNode& node : model.nodes) {
      if (rng.below(3) == 0) pool.members.push_back(node.id);
    }
    const auto organization = OrganizationId::random(rng);
    for (std::size_t r = rng.below(3); r > 0; --r) {
      model.resources.push_back({ResourceId::random(rng), organization, pool.id,
                                 r == 1 ? policy::Protocol::ssh : policy::Protocol::tcp, "10.0.0.5",
                                 22});
    }
    const auto type = config_types()[rng.below(config_types().size())].name;
    model.documents.push_back(
        {std::string(type), {Layer::organization, organization, ResourceId{}}, 3, "{}"});
    model.pools.push_back(std::move(pool));
  }
  return model;
}

TEST(ConfigTexts, AreTheOnesThatEachNodeOfAnyClusterIsGiven) {
  SeededRandom rng(11);
  std::size_t shared = 0;
  for (int c = 0; c < 200; ++c) {
    const ClusterIndex cluster(some_cluster(rng, c % 2 == 0));
    ConfigTexts texts(cluster, kThen);
    for (const ModelNode& node : cluster.model().nodes) {
      const auto own = build_node_config(cluster, node.id, kThen);
      const auto found = texts.find(node);
      ASSERT_EQ(found != nullptr, own.has_value());
      if (!found) continue;
      shared += found->is_shared() ? 1 : 0;
      EXPECT_EQ(found->config_of(node.id, node.name), *own);
      std::string text;
      found->write_text_of(node.id, node.name, text);
      ASSERT_EQ(text, to_json(*own));
    }
  }
  EXPECT_GT(shared, 1000U);
}

TEST(ConfigTexts, AreBuiltOnceForNodesThatAreToldAlike) {
  SeededRandom rng(5);
  ClusterModel model = some_cluster(rng, true);
  for (ModelNode& node : model.nodes) {
    node.roles = {NodeRole::egress};
    node.disabled = node.draining = false;
  }
  model.pools.clear();
  const ClusterIndex cluster(std::move(model));
  ConfigTexts texts(cluster, kThen);
  const auto first = texts.find(cluster.model().nodes[0]);
  for (const ModelNode& node : cluster.model().nodes) EXPECT_EQ(texts.find(node), first);
  EXPECT_EQ(texts.kept_bytes(), first->text_bytes());
}

}  // namespace
}  // namespace rap::snapshot
