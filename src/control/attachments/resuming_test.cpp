#include "control/attachments/resuming.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "mesh/configured_routes.hpp"

namespace rap::control {
namespace {

struct Egresses : testing::Test {
  std::vector<FlowEgress> pool_of(std::size_t size) {
    std::vector<FlowEgress> pool(size);
    for (FlowEgress& egress : pool) {
      egress.node = NodeId::random(rng);
      rng.fill(egress.flow_key);
    }
    std::ranges::sort(pool, {}, &FlowEgress::node);
    return pool;
  }
  SeededRandom rng{1};
};

TEST_F(Egresses, AreAskedByAClientInTheOrderOfAnEntry) {
  const auto pool = pool_of(5);
  const auto id = EgressPoolId::random(rng);
  std::vector<mesh::ConfiguredRoute> routes;
  mesh::ConfiguredPool configured{id, {}};
  for (const FlowEgress& egress : pool) {
    routes.push_back({egress.node, {egress.node}});
    configured.members.push_back(egress.node);
  }
  mesh::ConfiguredRoutes entry;
  entry.configure(NodeId::random(rng), routes, {configured});
  for (int i = 0; i < 50; ++i) {
    const auto session = SessionId::random(rng);
    std::vector<NodeId> asked;
    entry.visit({.to = id, .spread = std::hash<SessionId>{}(session)},
                [&](const mesh::FlowRoute& route) {
                  asked.push_back(route.egress);
                  return false;
                });
    const auto told = in_order_for(session, pool);
    ASSERT_EQ(told.size(), asked.size());
    for (std::size_t k = 0; k < told.size(); ++k) EXPECT_EQ(told[k].node, asked[k]);
  }
}

TEST_F(Egresses, OfALargePoolAreToldSixteenOfButAllAreUsed) {
  const auto pool = pool_of(40);
  std::map<NodeId, int> first;
  for (int i = 0; i < 4000; ++i) {
    const auto session = SessionId::random(rng);
    const auto told = in_order_for(session, pool);
    ASSERT_EQ(told.size(), kMaxEgressesNamed);
    EXPECT_EQ(told, in_order_for(session, pool)) << "a session stays with its own";
    for (const FlowEgress& egress : told) EXPECT_EQ(std::ranges::count(told, egress), 1);
    ++first[told.front().node];
  }
  EXPECT_EQ(first.size(), pool.size());
  for (const auto& [node, sessions] : first) EXPECT_NEAR(sessions, 100, 50);
}

TEST_F(Egresses, OfAnEmptyPoolAreNone) {
  EXPECT_TRUE(in_order_for(SessionId::random(rng), {}).empty());
  EXPECT_EQ(in_order_for(SessionId::random(rng), pool_of(1)).size(), 1U);
}

TEST(ClientKeys, AreGivenBothOrNeither) {
  const Fields request = {client_keys_field().optional()};
  const auto fault = [&](const nlohmann::json& keys) {
    return find_fault({{"client_keys", keys}}, request).value_or("");
  };
  const std::string key = to_base64url(Bytes(32, 0xfb));
  EXPECT_FALSE(find_fault(nlohmann::json::object(), request));
  EXPECT_EQ(fault({{"flow_key", key}, {"proof_key", key}}), "");
  EXPECT_EQ(fault({{"flow_key", key}}), "'client_keys.proof_key' is missing.");
  EXPECT_EQ(fault({{"proof_key", key}}), "'client_keys.flow_key' is missing.");
  EXPECT_EQ(fault(nullptr), "'client_keys' must be an object.");
  EXPECT_EQ(fault({{"flow_key", key}, {"proof_key", key}, {"key", key}}),
            "'client_keys.key' is not a member of this request.");
  for (const std::string& wrong : {std::string(), to_base64(Bytes(32, 0xfb)), key + "=",
                                   to_base64url(Bytes(31)), to_hex(Bytes(32))}) {
    EXPECT_EQ(fault({{"flow_key", wrong}, {"proof_key", key}}),
              "'client_keys.flow_key' must be 32 bytes in base64url.")
        << wrong;
  }
}

}  // namespace
}  // namespace rap::control
