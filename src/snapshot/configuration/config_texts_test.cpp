#include "snapshot/configuration/config_texts.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::snapshot {
namespace {

TEST(ConfigTexts, AreTheOnesThatEachHasByItself) {
  SeededRandom rng(4);
  NodeConfig config;
  config.version = 7;
  config.trust_bundle_pem = "ROOTS\n";
  ConfigTexts texts;
  const auto expect_same = [&](bool alike, const char* what) {
    EXPECT_EQ(texts.text_of(config), to_json(config)) << what;
    EXPECT_EQ(texts.was_alike(), alike) << what;
  };
  expect_same(false, "the first");
  expect_same(true, "the same again");
  for (const char* name : {"a", "another \"name\"\n", "", "\"node\":\"x\",\"node_name\":\"y\","}) {
    config.node = NodeId::random(rng);
    config.node_name = name;
    expect_same(true, name);
  }
  config.peers.push_back({.node = config.node});
  expect_same(false, "another neighbour");
  config.node = NodeId::random(rng);
  expect_same(true, "who has the one before as a neighbour");
  ++config.version;
  expect_same(false, "another version");
}

}  // namespace
}  // namespace rap::snapshot
