#include "mesh/routing.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/seeded_random.hpp"
#include "mesh/configured_routes.hpp"

namespace rap::mesh {
namespace {

using wire::TrafficClass;

// Links that the test brings up and down.
struct FakeLinks final : Links {
  std::map<NodeId, std::pair<LinkId, wire::TrafficClassSet>> up;
  mutable int asked = 0;

  std::optional<LinkId> link_to(NodeId neighbour, TrafficClass c) const override {
    ++asked;
    const auto it = up.find(neighbour);
    if (it == up.end() || !it->second.second.contains(c)) return std::nullopt;
    return it->second.first;
  }
};

class RoutingTest : public ::testing::Test {
 protected:
  SeededRandom rng{6};
  NodeId self = NodeId::random(rng);
  NodeId relay_1 = NodeId::random(rng);
  NodeId relay_2 = NodeId::random(rng);
  NodeId egress_1 = NodeId::random(rng);
  NodeId egress_2 = NodeId::random(rng);
  EgressPoolId office = EgressPoolId::random(rng);
  ConfiguredRoutes routes;
  FakeLinks links;

  void SetUp() override {
    routes.configure(self, {{egress_1, {egress_1, relay_1, relay_2}}, {egress_2, {relay_2}}},
                     {{office, {egress_1, egress_2}}});
  }
  void up(NodeId neighbour, LinkId link,
          wire::TrafficClassSet classes = wire::TrafficClassSet::all()) {
    links.up[neighbour] = {link, classes};
  }
  std::vector<FlowRoute> all(const Query& query) const {
    std::vector<FlowRoute> seen;
    EXPECT_FALSE(routes.visit(query, [&](const FlowRoute& route) {
      seen.push_back(route);
      return false;
    }));
    return seen;
  }
};

TEST_F(RoutingTest, CandidatesComeInTheOrderOfPreferenceWithTheReason) {
  EXPECT_EQ(all({.to = egress_1}), (std::vector<FlowRoute>{{egress_1, egress_1, RouteKind::direct},
                                                           {egress_1, relay_1, RouteKind::relay},
                                                           {egress_1, relay_2, RouteKind::relay}}));
  EXPECT_TRUE(all({.to = relay_1}).empty()) << "nothing ends at a relay";
}

TEST_F(RoutingTest, AFlowForTheNodeItselfEndsHere) {
  EXPECT_EQ(all({.to = self}), (std::vector<FlowRoute>{{self, self, RouteKind::itself}}));
  EXPECT_EQ(to_string(RouteKind::itself), "itself");
  EXPECT_EQ(to_string(RouteKind::direct), "direct");
  EXPECT_EQ(to_string(RouteKind::relay), "relay");
}

TEST_F(RoutingTest, APoolIsReachedThroughAnyMemberInTurn) {
  const auto first_of = [&](std::size_t spread) {
    return all({.to = office, .spread = spread}).front().egress;
  };
  EXPECT_EQ(first_of(0), egress_1);
  EXPECT_EQ(first_of(1), egress_2);
  EXPECT_EQ(first_of(2), egress_1);
  EXPECT_EQ(all({.to = office, .spread = 1}).size(), 4U) << "every way to every member";
  EXPECT_TRUE(all({.to = EgressPoolId::random(rng)}).empty());
}

TEST_F(RoutingTest, TheFirstCandidateWithALinkIsChosen) {
  EXPECT_FALSE(choose(routes, links, {.to = egress_1}));
  up(relay_2, 22);
  EXPECT_EQ(choose(routes, links, {.to = egress_1})->link, 22U);
  up(relay_1, 11);
  EXPECT_EQ(choose(routes, links, {.to = egress_1})->link, 11U);
  up(egress_1, 1);
  const auto choice = choose(routes, links, {.to = egress_1});
  EXPECT_EQ(choice->link, 1U);
  EXPECT_EQ(choice->route, (FlowRoute{egress_1, egress_1, RouteKind::direct}));
}

TEST_F(RoutingTest, ALinkThatMayNotCarryTheClassIsPassedOver) {
  up(egress_1, 1, {TrafficClass::input});
  up(relay_1, 11);
  EXPECT_EQ(choose(routes, links, {.to = egress_1, .traffic_class = TrafficClass::input})->link,
            1U);
  EXPECT_EQ(
      choose(routes, links, {.to = egress_1, .traffic_class = TrafficClass::file_transfer})->link,
      11U);
}

TEST_F(RoutingTest, AMemberThatCannotBeReachedIsPassedOver) {
  up(relay_2, 22, {TrafficClass::input});
  routes.configure(self, {{egress_1, {relay_1}}, {egress_2, {relay_2}}},
                   {{office, {egress_1, egress_2}}});
  const auto choice = choose(routes, links, {.to = office});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->route.egress, egress_2);
}

TEST_F(RoutingTest, NoMoreLinksAreAskedForThanItTakes) {
  up(egress_1, 1);
  choose(routes, links, {.to = office});
  EXPECT_EQ(links.asked, 1);
}

TEST_F(RoutingTest, ANewConfigurationTakesThePlaceOfTheOld) {
  routes.configure(self, {{egress_2, {relay_1}}}, {});
  EXPECT_TRUE(all({.to = egress_1}).empty());
  EXPECT_TRUE(all({.to = office}).empty());
  EXPECT_EQ(all({.to = egress_2}), (std::vector<FlowRoute>{{egress_2, relay_1, RouteKind::relay}}));
}

}  // namespace
}  // namespace rap::mesh
