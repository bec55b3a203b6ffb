#include "client/flows/opening_order.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::client {
namespace {

using wire::FlowReason;

struct TwoEgresses : testing::Test {
  SeededRandom rng{5};
  NodeId a = NodeId::random(rng);
  NodeId b = NodeId::random(rng);
  OpeningOrder order{3, {a, b}};
};

using OpeningOrderTest = TwoEgresses;

TEST_F(OpeningOrderTest, AsksTheFirstEgressByTheFirstEntry) {
  ASSERT_TRUE(order.next());
  EXPECT_EQ(order.next()->token, 0U);
  EXPECT_EQ(order.next()->egress, a);
}

TEST_F(OpeningOrderTest, AnEntryThatIsAwaySaysNothingOfTheEgress) {
  order.entry_failed();
  EXPECT_EQ(order.next()->token, 1U);
  EXPECT_EQ(order.next()->egress, a);
  EXPECT_EQ(order.verdict(), FlowReason::peer_lost);
}

TEST_F(OpeningOrderTest, AnEgressThatDoesNotGetToTheTargetIsNotAskedAgain) {
  order.refused(FlowReason::target_refused);
  EXPECT_EQ(order.next()->egress, b);
  order.refused(FlowReason::no_route);
  EXPECT_EQ(order.next()->egress, b);
  order.renew(1, {a, b});
  EXPECT_EQ(order.next()->egress, b);
  order.refused(FlowReason::target_timeout);
  EXPECT_FALSE(order.next());
  EXPECT_FALSE(order.may_go_on());
  EXPECT_EQ(order.verdict(), FlowReason::target_refused) << "it says most about the target";
}

TEST_F(OpeningOrderTest, WhatMayBeTheWaysFaultIsTriedByAnotherWayAndMayComeBack) {
  order.refused(FlowReason::no_route);
  EXPECT_EQ(order.next()->egress, b);
  order.refused(FlowReason::not_ready);
  EXPECT_EQ(order.next()->egress, a);
  EXPECT_EQ(order.next()->token, 2U);
  order.refused(FlowReason::no_route);
  EXPECT_FALSE(order.next()) << "there are no tokens left";
  EXPECT_TRUE(order.may_go_on());
}

TEST_F(OpeningOrderTest, OtherTokensGoOnWhereTheLastOnesEnded) {
  order.refused(FlowReason::no_route);
  order.renew(1, {a, b});
  EXPECT_EQ(order.next()->egress, b);
  EXPECT_EQ(order.next()->token, 0U);
}

TEST_F(OpeningOrderTest, ATokenThatAnEntryDoesNotTakeSaysNothingOfTheEgress) {
  order.refused(FlowReason::token_invalid);
  EXPECT_EQ(order.next()->egress, a);
  EXPECT_EQ(order.next()->token, 1U);
}

TEST_F(OpeningOrderTest, WhoeverIsNotToBeServedIsNotServedElsewhere) {
  order.refused(FlowReason::signed_out);
  EXPECT_FALSE(order.next());
  EXPECT_FALSE(order.may_go_on());
  EXPECT_EQ(order.verdict(), FlowReason::signed_out);
}

TEST_F(OpeningOrderTest, WithoutAnEgressThereMayBeOneLater) {
  OpeningOrder nobody(2, {});
  EXPECT_FALSE(nobody.next());
  EXPECT_TRUE(nobody.may_go_on());
  EXPECT_EQ(nobody.verdict(), FlowReason::no_route);
  nobody.renew(1, {b});
  EXPECT_EQ(nobody.next()->egress, b);
}

}  // namespace
}  // namespace rap::client
