// The numbers of destinations: who counts on when, and who asks for it.
#include "mesh/distance_vector/distance_vector.hpp"

#include <gtest/gtest.h>

#include "mesh/distance_vector/test_routes.hpp"

namespace rap::routes {
namespace {

using wire::RouteMessage;
using wire::RouteUpdate;

TEST(DistanceVector, ADestinationWithAnotherKeySignsAnotherNumber) {
  TestMesh mesh("SA");
  mesh.join('S', 'A', 1);
  mesh.run_for(1s);
  const OriginNumber before = mesh.core('S').number();
  mesh.drive('S', event::KeyReplaced{});
  mesh.run_for(1s);
  EXPECT_GT(mesh.core('A').selected(node_named('S'), ClassGroup::interactive)->distance.number,
            before);
}

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

}  // namespace
}  // namespace rap::routes
