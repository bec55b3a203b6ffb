#include "mesh/distance_vector/distance_vector.hpp"

#include <gtest/gtest.h>

#include "mesh/distance_vector/test_routes.hpp"

namespace rap::routes {
namespace {

using wire::RouteMessage;
using wire::RouteUpdate;

// --- the examples of RFC 8966

// §2.3: A and B lead to S, and to each other. Without feasibility they count to infinity.
TEST(DistanceVector, DoesNotCountToInfinityWhenTheLastWayIsLost) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 1);
  mesh.join('S', 'B', 1);
  mesh.join('A', 'B', 1);
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('A'), "S 1");
  EXPECT_EQ(mesh.route('B'), "S 1");
  mesh.part('S', 'A');
  mesh.run_for(5s);
  EXPECT_EQ(mesh.route('A'), "B 2");
  mesh.part('S', 'B');
  EXPECT_EQ(mesh.route('B'), "") << "what A knows is by way of B";
  mesh.run_for(50ms);
  EXPECT_EQ(mesh.route('A'), "");
  mesh.run_for(60s);
  EXPECT_EQ(mesh.route('A') + mesh.route('B'), "");
}

// §2.4: B is no nearer to S than A once was, so that A cannot know whether B leads back to it.
TEST(DistanceVector, DoesNotTakeWhatIsNoNearerThanItWasItself) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 1);
  mesh.join('S', 'B', 2);
  mesh.join('A', 'B', 1);
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('A'), "S 1");
  mesh.mute('A', 'B');  // nobody hears what A asks
  mesh.part('S', 'A');
  mesh.run_for(30s);
  EXPECT_EQ(mesh.route('A'), "");
}

// §2.5: the starved node asks, S counts on, and the same route is of a newer number.
TEST(DistanceVector, StarvationEndsWithANewerNumberThatIsAskedFor) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 1);
  mesh.join('S', 'B', 2);
  mesh.join('A', 'B', 1);
  mesh.run_for(5s);
  EXPECT_EQ(mesh.route('B'), "S 2");
  const OriginNumber before = mesh.core('S').number();
  mesh.part('S', 'A');
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('A'), "B 3");
  EXPECT_EQ(mesh.core('S').number().epoch, before.epoch);
  EXPECT_EQ(mesh.core('S').number().seqno, before.seqno + 1);
}

// §3.8: a request goes on hop by hop to who can answer it.
TEST(DistanceVector, ARequestIsHandedOnToTheDestination) {
  TestMesh mesh("SABCD");
  mesh.join('S', 'A', 1);
  mesh.join('S', 'B', 1);
  mesh.join('B', 'C', 1);
  mesh.join('C', 'A', 1);
  mesh.run_for(5s);
  mesh.part('S', 'A');
  mesh.run_for(2s);
  EXPECT_EQ(mesh.route('A'), "C 3");
}

// --- routes

TEST(DistanceVector, TakesOneWayForInteractiveClassesAndAnotherForBulk) {
  TestMesh mesh("SABC");
  mesh.join('S', 'A', {1, 100});
  mesh.join('S', 'B', {100, 1});
  mesh.join('A', 'C', {1, 100});
  mesh.join('B', 'C', {100, 1});
  mesh.run_for(10s);
  EXPECT_EQ(mesh.route('C', 'S', ClassGroup::interactive), "A 2");
  EXPECT_EQ(mesh.route('C', 'S', ClassGroup::bulk), "B 2");
}

TEST(DistanceVector, PolicyComesBeforeTheMetric) {
  TestMesh mesh("SABC");
  mesh.policy('C').unpermitted.insert({node_named('A'), ClassGroup::interactive});
  mesh.join('S', 'A', 1);
  mesh.join('S', 'B', 50);
  mesh.join('A', 'C', 1);
  mesh.join('B', 'C', 50);
  mesh.run_for(10s);
  EXPECT_EQ(mesh.route('C'), "B 100");
  EXPECT_EQ(mesh.route('C', 'S', ClassGroup::bulk), "A 2");
}

TEST(DistanceVector, ARouteOfAnOldPolicyIsNotTaken) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('A'), "S 1");
  mesh.core('A').step(mesh.now(), event::RoutePolicyChanged{2, 1});
  EXPECT_EQ(mesh.route('A'), "") << "S goes by version 0";
}

TEST(DistanceVector, ALeafHearsOfItsPoolsAlone) {
  TestMesh mesh("SRL", "SR");
  mesh.policy('R').untold.insert({node_named('L'), node_named('S')});
  mesh.join('S', 'R', 1);
  mesh.join('R', 'L', 1);
  mesh.run_for(30s);
  EXPECT_EQ(mesh.route('R'), "S 1");
  EXPECT_EQ(mesh.route('L'), "");
  EXPECT_EQ(mesh.route('L', 'R'), "R 1");
  EXPECT_EQ(mesh.core('L').destinations(), 1U);
}

TEST(DistanceVector, APathHasNoMoreHopsThanItMay) {
  TestMesh mesh("SABC", "S", 2);
  mesh.join('S', 'A', 1);
  mesh.join('A', 'B', 1);
  mesh.join('B', 'C', 1);
  mesh.run_for(5s);
  EXPECT_EQ(mesh.route('B'), "A 2");
  EXPECT_EQ(mesh.route('C'), "");
}

TEST(DistanceVector, WhoeverLeadsThereIsNotToldOfIt) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(60s);
  const bool any = mesh.sent.contains({'A', 'S'});
  EXPECT_FALSE(any);
}

TEST(DistanceVector, ABetterRouteWaitsUntilItHasBeenSoForLong) {
  TestMesh mesh("SABC");
  mesh.join('S', 'A', 100);
  mesh.join('A', 'C', 100);
  mesh.join('S', 'B', 100);
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('C'), "A 200");
  mesh.join('B', 'C', 90);
  mesh.run_for(kSettled - 500ms);
  EXPECT_EQ(mesh.route('C'), "A 200") << "a twentieth is no reason to hurry";
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('C'), "B 190");
}

TEST(DistanceVector, AFlappingLinkDoesNotMakeEverybodyFlap) {
  TestMesh mesh("SABC");
  mesh.join('S', 'A', 100);
  mesh.join('A', 'C', 100);
  mesh.join('S', 'B', 100);
  mesh.join('B', 'C', 120);
  mesh.run_for(10s);
  const std::uint64_t before = mesh.core('C').counters().changes;
  for (int i = 0; i < 100; ++i) {
    mesh.measure('B', 'C', i % 2 == 0 ? 10 : 400);
    mesh.run_for(300ms);
  }
  // Leaving a route that got bad is a change too.
  EXPECT_LE(mesh.core('C').counters().changes - before, 2U * 2U * (3 + 6 + 1));
}

TEST(DistanceVector, ASmallChangeOfACostIsNone) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 100);
  mesh.run_for(1s);
  mesh.measure('S', 'A', 105);
  EXPECT_EQ(mesh.route('A'), "S 100");
  mesh.measure('S', 'A', 150);
  EXPECT_EQ(mesh.route('A'), "S 150");
}

TEST(DistanceVector, ARouteThatIsNotToldAgainIsGone) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  mesh.mute('S', 'A');
  mesh.run_for(kRouteLifetime - 2s);
  EXPECT_EQ(mesh.route('A'), "S 1");
  mesh.run_for(2s + 2 * kSweepInterval);
  EXPECT_EQ(mesh.route('A'), "");
  EXPECT_EQ(mesh.core('A').destinations(), 1U) << "its feasibility outlives it";
  mesh.run_for(kFeasibilityLifetime + 2 * kSweepInterval);
  EXPECT_EQ(mesh.core('A').destinations(), 0U);
}

TEST(DistanceVector, ANeighbourThatComesAgainSaysEverythingAnew) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  mesh.core('A').step(mesh.now(), event::NeighbourUp{node_named('S'), {1, 1}});
  EXPECT_EQ(mesh.route('A'), "");
}

TEST(DistanceVector, ANodeThatRelaysNoMoreTakesBackWhatItTold) {
  TestMesh mesh("SAB", "SA");
  mesh.join('S', 'A', 1);
  mesh.join('A', 'B', 1);
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('B'), "A 2");
  mesh.drive('A', event::RolesChanged{.is_destination = true, .is_transit = false});
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('B'), "");
  EXPECT_EQ(mesh.route('B', 'A'), "A 1");
  mesh.drive('A', event::RolesChanged{.is_destination = false, .is_transit = true});
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('B'), "A 2");
  EXPECT_EQ(mesh.route('B', 'A'), "");
}

// --- a flow's choice

TEST(DistanceVector, AFlowMayGoAnotherEligibleWay) {
  TestMesh mesh("SABC");
  mesh.join('S', 'A', 1);
  mesh.join('S', 'B', 1);
  mesh.join('A', 'C', 10);
  mesh.join('B', 'C', 11);
  mesh.run_for(10s);
  std::vector<NodeId> hops;
  mesh.core('C').visit(node_named('S'), ClassGroup::interactive, [&](const SelectedRoute& r) {
    hops.push_back(r.next_hop);
    return false;
  });
  EXPECT_EQ(hops, (std::vector{node_named('A'), node_named('B')}));
}

}  // namespace
}  // namespace rap::routes
