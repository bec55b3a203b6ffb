// What neighbours say that is not so, or too much.
#include "mesh/distance_vector/distance_vector.hpp"

#include <gtest/gtest.h>

#include "mesh/distance_vector/test_routes.hpp"

namespace rap::routes {
namespace {

using wire::RouteMessage;
using wire::RouteUpdate;

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

}  // namespace
}  // namespace rap::routes
