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

// --- numbers

TEST(DistanceVector, ADestinationWhoseClockWasSetBackIsFoundAgain) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  mesh.restart('S', 3);
  mesh.join('S', 'A', 1);
  mesh.run_for(2s);
  EXPECT_EQ(mesh.route('A'), "S 1");
  EXPECT_GT(mesh.core('S').number().epoch, TestMesh::kEpoch);
}

TEST(DistanceVector, RequestsMakeADestinationCountNoFasterThanItMay) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  const std::uint32_t before = mesh.core('S').number().seqno;
  for (int i = 0; i < 100; ++i) {
    const auto known = TestMesh::update('S', mesh.core('S').number(), 1).origin;
    mesh.hear('S', 'A', {{}, {{node_named('S'), known}}});
    mesh.run_for(20ms);
  }
  const std::uint32_t counted = mesh.core('S').number().seqno - before;
  EXPECT_LE(counted, 6U) << "two seconds";
  EXPECT_GE(counted, 3U);
}

TEST(DistanceVector, ANumberThatTheDestinationNeverSignedMakesItCountForNothing) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  const OriginNumber before = mesh.core('S').number();
  wire::RouteOrigin forged{{before.epoch + 1000, 1}, {}};
  mesh.hear('S', 'A', {{}, {{node_named('S'), forged}}});
  EXPECT_EQ(mesh.core('S').number(), before);
}

TEST(DistanceVector, ANumberThatIsFollowedIsAskedForAgainOnlyAfterAPause) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 1);
  mesh.join('S', 'B', 2);
  mesh.join('A', 'B', 1);
  mesh.run_for(5s);
  const MonoTime before = mesh.now();
  const auto asked = [&] {
    std::size_t requests = 0;
    for (const RouteMessage& message : mesh.sent[{'A', 'B'}]) requests += message.requests.size();
    return requests;
  };
  const std::size_t at_first = asked();
  // The way over B is told anew, and lost, as often as somebody likes.
  for (std::uint32_t i = 0; i < 100; ++i) {
    const OriginNumber number{TestMesh::kEpoch, 10 + i};
    mesh.hear('A', 'B', {{TestMesh::update('S', number, 1)}, {}});
    mesh.hear('A', 'S', {{TestMesh::update('S', {TestMesh::kEpoch, 1}, kUnreachable)}, {}});
    mesh.hear('A', 'B', {{TestMesh::update('S', number, 500)}, {}});
    mesh.run_for(20ms);
  }
  const auto pauses = static_cast<std::size_t>((mesh.now() - before) / kRequestInterval);
  EXPECT_LE(asked() - at_first, pauses + 2);
}

TEST(DistanceVector, ARequestGoesOnWithTheSignatureThatIsKept) {
  TestMesh mesh("SABC");
  mesh.join('S', 'B', 1);
  mesh.join('B', 'A', 1);
  mesh.run_for(5s);
  auto known = TestMesh::update('S', mesh.core('S').number(), 1).origin;
  known.signature[3] ^= 1;
  mesh.core('B').step(mesh.now(), event::NeighbourUp{node_named('C'), {1, 1}});
  const std::uint32_t before = mesh.core('S').number().seqno;
  mesh.hear('B', 'C', {{}, {{node_named('S'), known}}});
  mesh.run_for(1s);
  EXPECT_EQ(mesh.core('S').counters().bad_signatures, 0U) << "B is not to blame";
  EXPECT_EQ(mesh.core('S').number().seqno, before + 1);
}

// Nobody can tell whether the destination ever gave itself such a number, while there is a route.
TEST(DistanceVector, AnOlderNumberThatNobodyVerifiedMakesNobodyAsk) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 1000);
  mesh.join('A', 'B', 1);
  mesh.run_for(1s);
  RouteUpdate old = TestMesh::update('S', {TestMesh::kEpoch - 1, 1}, 1);
  old.origin.signature[0] ^= 1;
  mesh.hear('A', 'B', {{old}, {}});
  mesh.run_for(2 * kSettled);
  EXPECT_EQ(mesh.route('A'), "S 1000");
  EXPECT_EQ(mesh.core('A').counters().requests_sent, 0U);
  EXPECT_EQ(mesh.core('A').counters().bad_signatures, 0U) << "it is not verified at all";
}

TEST(DistanceVector, AnOlderNumberWithAWrongSignatureIsNoWayForWhoHasNone) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 1);
  mesh.join('A', 'B', 1);
  mesh.run_for(1s);
  mesh.part('S', 'A');
  RouteUpdate old = TestMesh::update('S', {TestMesh::kEpoch - 1, 1}, 1);
  old.origin.signature[0] ^= 1;
  mesh.hear('A', 'B', {{old}, {}});
  mesh.run_for(10s);
  EXPECT_EQ(mesh.core('A').counters().requests_sent, 0U);
}

// Nobody that it meets now knew it in its earlier life, but for A, which is no neighbour any more.
TEST(DistanceVector, ADestinationThatMovedAndForgotItsNumbersIsFoundAgain) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  mesh.restart('S', 3);
  mesh.join('S', 'B', 1);
  mesh.run_for(1s);
  mesh.join('A', 'B', 1);
  mesh.run_for(3s);
  EXPECT_EQ(mesh.route('A'), "B 2");
  EXPECT_GT(mesh.core('S').number().epoch, TestMesh::kEpoch);
}

TEST(DistanceVector, TwoLivingCopiesOfANodeDoNotOutdoEachOtherForEver) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  for (int i = 0; i < 500; ++i) {
    const OriginNumber copy{mesh.core('S').number().epoch + 1, 1};
    mesh.hear('S', 'A', {{TestMesh::update('S', copy, 1)}, {}});
    mesh.run_for(100ms);
  }
  EXPECT_LE(mesh.core('S').counters().exceeded, 8U) << "in 50 s";
  EXPECT_GE(mesh.core('S').counters().exceeded, 5U);
}

// --- liars

TEST(DistanceVector, AForgedOriginIsNotBelieved) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 10);
  mesh.join('A', 'B', 10);
  mesh.run_for(1s);
  RouteUpdate lie = TestMesh::update('S', {TestMesh::kEpoch + 1, 1}, 1);
  lie.origin.signature[0] ^= 1;
  mesh.hear('A', 'B', {{lie}, {}});
  EXPECT_EQ(mesh.route('A'), "S 10");
  EXPECT_EQ(mesh.core('A').counters().bad_signatures, 1U);
}

TEST(DistanceVector, NobodyIsTheDestinationButTheDestination) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 10);
  mesh.join('A', 'B', 1);
  mesh.run_for(1s);
  mesh.hear('A', 'B', {{TestMesh::update('S', {TestMesh::kEpoch, 1}, 0, 0)}, {}});
  EXPECT_EQ(mesh.route('A'), "S 10");
  EXPECT_EQ(mesh.core('A').counters().updates_ignored, 1U);
}

TEST(DistanceVector, ANeighbourWithoutALeaveToSpeakOfADestinationIsNotHeard) {
  TestMesh mesh("SAB");
  mesh.policy('A').unaccepted.insert({node_named('B'), node_named('S')});
  mesh.join('A', 'B', 1);
  mesh.hear('A', 'B', {{TestMesh::update('S', {TestMesh::kEpoch, 1}, 1)}, {}});
  EXPECT_EQ(mesh.core('A').destinations(), 0U);
}

TEST(DistanceVector, WhoeverGoesOnForgingIsRefused) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 10);
  mesh.join('A', 'B', 1);
  mesh.run_for(1s);
  RouteUpdate lie = TestMesh::update('S', {TestMesh::kEpoch + 1, 1}, 1);
  lie.origin.signature[0] ^= 1;
  for (unsigned i = 0; i < kBadSignatures.burst; ++i) mesh.hear('A', 'B', {{lie}, {}});
  EXPECT_TRUE(mesh.refused.empty());
  mesh.hear('A', 'B', {{lie}, {}});
  ASSERT_EQ(mesh.refused.size(), 1U);
  EXPECT_EQ(mesh.refused[0].neighbour, node_named('B'));
  EXPECT_EQ(mesh.refused[0].why, Misconduct::bad_signatures);
  mesh.hear('A', 'B', {{TestMesh::update('S', {TestMesh::kEpoch, 2}, 1)}, {}});
  EXPECT_EQ(mesh.route('A'), "S 10") << "what it says is not heard any more";
}

TEST(DistanceVector, AKeyThatIsNotKnownYetSaysNothingAgainstTheNeighbour) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 10);
  mesh.keys('B').unknown.insert(node_named('S'));
  mesh.join('A', 'B', 10);
  mesh.run_for(200s);
  EXPECT_EQ(mesh.route('B'), "");
  EXPECT_TRUE(mesh.refused.empty());
  EXPECT_EQ(mesh.core('B').counters().bad_signatures, 0U);
  EXPECT_GT(mesh.core('B').counters().unknown_keys, 3U);
  mesh.keys('B').unknown.clear();
  mesh.run_for(kUpdateInterval * 5 / 4);
  EXPECT_EQ(mesh.route('B'), "A 20");
}

void forge(TestMesh& mesh, unsigned times) {
  RouteUpdate lie = TestMesh::update('S', {TestMesh::kEpoch + 1, 1}, 1);
  lie.origin.signature[0] ^= 1;
  for (unsigned i = 0; i < times; ++i) mesh.hear('A', 'B', {{lie}, {}});
}

TEST(DistanceVector, WhatIsCountedAgainstANodeOutlivesItsChannel) {
  TestMesh mesh("SAB");
  mesh.join('A', 'B', 1);
  for (unsigned i = 0; i < kBadSignatures.burst; ++i) {
    forge(mesh, 1);
    mesh.part('A', 'B');
    mesh.join('A', 'B', 1);
  }
  EXPECT_TRUE(mesh.refused.empty());
  forge(mesh, 1);
  EXPECT_EQ(mesh.refused.size(), 1U);
  mesh.part('A', 'B');
  mesh.join('A', 'B', 1);
  mesh.hear('A', 'B', {{TestMesh::update('S', {TestMesh::kEpoch, 2}, 1)}, {}});
  EXPECT_EQ(mesh.route('A'), "") << "it is refused still";
  mesh.run_for(kRefusedFor + 2 * kSweepInterval);
  mesh.hear('A', 'B', {{TestMesh::update('S', {TestMesh::kEpoch, 2}, 1)}, {}});
  EXPECT_EQ(mesh.route('A'), "B 2");
}

TEST(DistanceVector, ARefusedNeighbourIsToldAtOnceThatNoWayLeadsHere) {
  TestMesh mesh("SAB");
  mesh.join('S', 'A', 10);
  mesh.join('A', 'B', 1);
  mesh.run_for(1s);
  EXPECT_EQ(mesh.route('B'), "A 11");
  forge(mesh, kBadSignatures.burst + 1);
  ASSERT_EQ(mesh.refused.size(), 1U);
  mesh.run_for(1ms);
  EXPECT_EQ(mesh.route('B'), "");
  mesh.run_for(kRefusedFor / 2);
  EXPECT_EQ(mesh.route('B'), "");
  mesh.run_for(kRefusedFor + kUpdateInterval);
  EXPECT_EQ(mesh.route('B'), "A 11") << "and is told anew when it is over";
}

TEST(DistanceVector, ANeighbourIsRefusedForLongerEachTimeUnlessItIsPardoned) {
  TestMesh mesh("SAB");
  mesh.join('A', 'B', 1);
  forge(mesh, kBadSignatures.burst + 1);
  mesh.run_for(kRefusedFor + 2 * kSweepInterval);
  forge(mesh, kBadSignatures.burst + 1);
  ASSERT_EQ(mesh.refused.size(), 2U);
  EXPECT_EQ(mesh.refused[0].how_long, kRefusedFor);
  EXPECT_EQ(mesh.refused[1].how_long, 2 * kRefusedFor);
  mesh.core('A').step(mesh.now(), event::NeighbourPardoned{node_named('B')});
  mesh.hear('A', 'B', {{TestMesh::update('S', {TestMesh::kEpoch, 2}, 1)}, {}});
  EXPECT_EQ(mesh.route('A'), "B 2");
}

TEST(DistanceVector, WhatIsNoMessageIsRefused) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  const Bytes nonsense = {1, 0, 7};
  const auto actions =
      mesh.core('A').step(mesh.now(), event::RoutesReceived{node_named('S'), nonsense});
  EXPECT_TRUE(std::ranges::any_of(actions, [](const Action& a) {
    const auto* refused = std::get_if<action::RefuseNeighbour>(&a);
    return refused != nullptr && refused->why == Misconduct::malformed;
  }));
  EXPECT_EQ(mesh.route('A'), "");
}

RouteMessage full_of(const RouteUpdate& update) {
  RouteMessage full;
  full.updates.assign(RouteMessage::kMaxUpdates, update);
  return full;
}

TEST(DistanceVector, ANeighbourThatSaysMoreThanItsShareWaitsBeforeItIsRefused) {
  TestMesh mesh("SAB");
  mesh.join('A', 'B', 1);
  const RouteMessage full = full_of(TestMesh::update('S', {TestMesh::kEpoch, 1}, 1));
  const std::size_t taken = kUpdatesTaken.burst / RouteMessage::kMaxUpdates;
  for (std::size_t i = 0; i < taken; ++i) mesh.hear('A', 'B', full);
  mesh.hear('A', 'B', {{TestMesh::update('R', {TestMesh::kEpoch, 1}, 1)}, {}});
  mesh.hear('A', 'B', full);
  mesh.hear('A', 'B', {{TestMesh::update('T', {TestMesh::kEpoch, 1}, 1)}, {}});
  EXPECT_TRUE(mesh.refused.empty());
  EXPECT_EQ(mesh.route('A', 'T'), "") << "it waits";
  mesh.run_for(200ms);
  EXPECT_EQ(mesh.route('A', 'T'), "B 2");
  const std::size_t held = kMaxUpdatesHeld / RouteMessage::kMaxUpdates + 4;
  for (std::size_t i = 0; i < held; ++i) mesh.hear('A', 'B', full);
  ASSERT_EQ(mesh.refused.size(), 1U);
  EXPECT_EQ(mesh.refused[0].why, Misconduct::flood);
}

TEST(DistanceVector, SignaturesAreVerifiedWithinABudgetAndInTurn) {
  TestMesh mesh("ABC", "");
  mesh.join('A', 'B', 1);
  mesh.join('A', 'C', 1);
  std::vector<RouteUpdate> updates;
  for (char name = 'a'; name <= 'z'; ++name) {
    for (std::uint32_t n = 1; n <= 4; ++n)
      updates.push_back(TestMesh::update(name, {TestMesh::kEpoch, n}, 1));
  }
  mesh.hear('A', 'B', {updates, {}});
  EXPECT_EQ(mesh.keys('A').verified, kSignaturesVerified.burst);
  mesh.hear('A', 'C', {{TestMesh::update('S', {TestMesh::kEpoch, 1}, 1)}, {}});
  EXPECT_EQ(mesh.keys('A').verified, kSignaturesVerified.burst);
  EXPECT_EQ(mesh.route('A', 'S'), "");
  mesh.run_for(3 * kSignaturesVerified.refill);
  EXPECT_EQ(mesh.route('A', 'S'), "C 2") << "B has no turn before C has had one";
  mesh.run_for(100ms);
  EXPECT_EQ(mesh.route('A', 'z'), "B 2");
}

TEST(DistanceVector, WhatPolicyOrBoundsForbidCostsNoSignature) {
  TestMesh mesh("AB", "");
  mesh.policy('A').unaccepted.insert({node_named('B'), node_named('S')});
  mesh.join('A', 'B', 1);
  mesh.hear('A', 'B', {{TestMesh::update('S', {TestMesh::kEpoch, 1}, 1)}, {}});
  EXPECT_EQ(mesh.keys('A').verified, 0U);
}

TEST(DistanceVector, TellsNobodyMoreAtOnceThanItTakes) {
  TestMesh mesh("AB", "");
  mesh.join('A', 'B', 1);
  mesh.run_for(1s);
  const auto tell_much = [&](RouteMetric metric) {
    for (int hundred = 0; hundred < 40; ++hundred) {
      RouteMessage message;
      for (int i = 0; i < 100; ++i) {
        RouteUpdate update = TestMesh::update('S', {TestMesh::kEpoch, 1}, metric);
        Uuid id{1, static_cast<std::uint8_t>(hundred), static_cast<std::uint8_t>(i)};
        update.destination = NodeId(id);
        if (!update.reaches()) {
          message.updates.push_back(update);
          continue;
        }
        update.origin.signature = signature_of(
            update.destination,
            wire::origin_statement(TestMesh::kCluster, update.destination, update.origin.number));
        message.updates.push_back(update);
      }
      mesh.hear('A', 'X', message);
      mesh.run_for(100ms);
    }
  };
  mesh.core('A').step(mesh.now(), event::NeighbourUp{node_named('X'), {1, 1}});
  tell_much(1);
  mesh.run_for(1s);
  for (const RouteMetric metric : {100U, 10'000U, 100U, 10'000U, 100U}) {
    tell_much(metric);
    tell_much(kUnreachable);
  }
  EXPECT_TRUE(mesh.refused.empty()) << to_string(mesh.refused[0].why);
  std::size_t told = 0;
  for (const RouteMessage& message : mesh.sent[{'A', 'B'}]) told += message.updates.size();
  const auto bound = static_cast<std::size_t>(mesh.now().time_since_epoch() / kUpdatesPaced.refill);
  EXPECT_LE(told, bound + kUpdatesPaced.burst);
  mesh.run_for(20s);
  EXPECT_EQ(mesh.core('B').destinations(), 4000U) << "what waited was told in the end";
}

TEST(DistanceVector, KnowsNoMoreDestinationsThanItMay) {
  TestMesh mesh("AB", "");
  mesh.join('A', 'B', 1);
  std::size_t told = 0;
  while (told <= kMaxDestinations) {
    RouteMessage message;
    while (message.updates.size() < RouteMessage::kMaxUpdates && told <= kMaxDestinations) {
      Uuid id{};
      id[0] = 1;
      id[1] = static_cast<std::uint8_t>(told >> 8);
      id[2] = static_cast<std::uint8_t>(told);
      RouteUpdate update = TestMesh::update('S', {1, 1}, 1);
      update.destination = NodeId(id);
      update.origin.signature = signature_of(
          update.destination,
          wire::origin_statement(TestMesh::kCluster, update.destination, update.origin.number));
      message.updates.push_back(update);
      ++told;
    }
    mesh.hear('A', 'B', message);
  }
  mesh.run_for(kMaxDestinations * kSignaturesVerified.refill);
  EXPECT_EQ(mesh.core('A').destinations(), kMaxDestinations);
  EXPECT_EQ(mesh.core('A').counters().updates_ignored, 1U);
}

TEST(DistanceVector, HasNoMoreNeighboursThanItMay) {
  TestMesh mesh("A");
  for (std::size_t i = 0; i <= kMaxNeighbours; ++i) {
    const char name = static_cast<char>(1 + i);
    mesh.core('A').step(mesh.now(), event::NeighbourUp{node_named(name), {1, 1}});
    mesh.hear('A', name, {{TestMesh::update('S', {1, 1}, 1)}, {}});
  }
  std::size_t ways = 0;
  mesh.core('A').visit(node_named('S'), ClassGroup::interactive, [&](const SelectedRoute&) {
    ++ways;
    return false;
  });
  EXPECT_LE(ways, kMaxNeighbours);
  EXPECT_GT(ways, kMaxNeighbours / 2);
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
