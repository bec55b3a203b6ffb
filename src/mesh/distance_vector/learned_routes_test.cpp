#include "mesh/distance_vector/learned_routes.hpp"

#include <gtest/gtest.h>

#include "mesh/distance_vector/test_routes.hpp"

namespace rap::routes {
namespace {

using mesh::FlowRoute;
using mesh::RouteKind;

class LearnedRoutesTest : public ::testing::Test {
 protected:
  const NodeId self = node_named('A');
  const NodeId egress = node_named('S');
  const EgressPoolId pool{Uuid{7}};
  TestMesh mesh{"SABR"};
  mesh::ConfiguredRoutes configured;
  LearnedRoutes routes{configured};

  void SetUp() override {
    configured.configure(self, {{egress, {node_named('R')}}}, {{pool, {egress}}});
    routes.learn_from(&mesh.core('A'));
  }
  std::vector<FlowRoute> all(const mesh::Query& query) const {
    std::vector<FlowRoute> seen;
    routes.visit(query, [&](const FlowRoute& route) {
      seen.push_back(route);
      return false;
    });
    return seen;
  }
};

TEST_F(LearnedRoutesTest, AreThoseThatWereConfiguredUntilSomethingIsLearned) {
  const std::vector<FlowRoute> as_configured{{egress, node_named('R'), RouteKind::relay}};
  EXPECT_EQ(all({.to = egress}), as_configured);
  mesh.join('S', 'B', 1);
  mesh.join('B', 'A', 1);
  mesh.run_for(1s);
  EXPECT_EQ(all({.to = egress}),
            (std::vector<FlowRoute>{{egress, node_named('B'), RouteKind::relay}}));
  mesh.part('B', 'A');
  EXPECT_EQ(all({.to = egress}), as_configured);
  routes.learn_from(nullptr);
  EXPECT_EQ(all({.to = egress}), as_configured);
}

TEST_F(LearnedRoutesTest, LeadToEveryMemberOfAPoolBestFirst) {
  mesh.join('S', 'B', 1);
  mesh.join('S', 'A', 50);
  mesh.join('B', 'A', 10);
  mesh.run_for(10s);
  const std::vector<FlowRoute> ways{{egress, node_named('B'), RouteKind::relay},
                                    {egress, egress, RouteKind::direct}};
  EXPECT_EQ(all({.to = pool}), ways);
  EXPECT_EQ(all({.to = egress}), ways);
  EXPECT_TRUE(all({.to = EgressPoolId{Uuid{8}}}).empty());
}

TEST_F(LearnedRoutesTest, GoByTheMetricOfTheClass) {
  mesh.join('S', 'B', {1, 100});
  mesh.join('S', 'A', {50, 50});
  mesh.join('B', 'A', {1, 100});
  mesh.run_for(10s);
  EXPECT_EQ(all({.to = egress}).front().next_hop, node_named('B'));
  EXPECT_EQ(
      all({.to = egress, .traffic_class = wire::TrafficClass::file_transfer}).front().next_hop,
      egress);
}

TEST_F(LearnedRoutesTest, EndHereForTheNodeItself) {
  EXPECT_EQ(all({.to = self}), (std::vector<FlowRoute>{{self, self, RouteKind::itself}}));
}

}  // namespace
}  // namespace rap::routes
