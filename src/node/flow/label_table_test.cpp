#include "node/flow/label_table.hpp"

#include <gtest/gtest.h>

#include <set>

#include "node/flow/window.hpp"

namespace rap::flow {
namespace {

using Table = LabelTable<int>;

TEST(LabelTable, TheTwoSidesNeverGiveOutTheSameLabel) {
  Table odd(LabelSide::odd);
  Table even(LabelSide::even);
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(seen.insert(*odd.allocate(i)).second);
    EXPECT_TRUE(seen.insert(*even.allocate(i)).second);
  }
}

TEST(LabelTable, AStaleLabelDoesNotReachTheNextFlowOfItsSlot) {
  Table t(LabelSide::odd);
  const auto first = *t.allocate(1);
  t.erase(first);
  std::uint32_t reused = 0;
  for (std::size_t i = 0; i < 2 * kQuarantine + 2; ++i) {
    const auto label = *t.allocate(2);
    if ((label & 0xffff) == (first & 0xffff)) reused = label;
    t.erase(label);
  }
  ASSERT_NE(reused, 0U) << "the slot was never used again";
  EXPECT_NE(reused, first);
  EXPECT_EQ(t.find(first), nullptr);
}

TEST(LabelTable, RefusesAtTheLimitAndTakesFlowsAgainOnceOneEnds) {
  Table t(LabelSide::even);
  std::vector<std::uint32_t> labels;
  while (auto label = t.allocate(0)) labels.push_back(*label);
  EXPECT_EQ(labels.size(), kMaxFlowsPerSide);
  t.erase(labels[7]);
  EXPECT_TRUE(t.allocate(0));
  EXPECT_FALSE(t.allocate(0));
}

TEST(LabelTable, AdoptsOnlyLabelsOfTheOtherSideThatAreFree) {
  Table t(LabelSide::odd);
  EXPECT_EQ(t.adopt(2, 5), Table::Adopted::ok);
  EXPECT_EQ(*t.find(2), 5);
  EXPECT_EQ(t.adopt(2, 5), Table::Adopted::in_use);
  EXPECT_EQ(t.adopt(0x10002, 5), Table::Adopted::in_use) << "same slot, next generation";
  EXPECT_EQ(t.adopt(3, 5), Table::Adopted::not_theirs);
  EXPECT_EQ(t.adopt(0, 5), Table::Adopted::not_theirs);
  EXPECT_EQ(t.adopt(0x10000, 5), Table::Adopted::not_theirs);
  EXPECT_EQ(t.adopt(kMaxSlots, 5), Table::Adopted::not_theirs) << "just past the limit";
  EXPECT_EQ(t.adopt(kMaxSlots - 1, 5), Table::Adopted::ok) << "at the limit";
}

TEST(Window, LetsNothingPassBeyondWhatWasGranted) {
  SendWindow w;
  EXPECT_TRUE(w.spend(kInitialWindow));
  EXPECT_FALSE(w.spend(1));
  EXPECT_TRUE(w.grant(10));
  EXPECT_FALSE(w.spend(11));
  EXPECT_TRUE(w.spend(10));
}

TEST(Window, RefusesGrantsBeyondTheMaximum) {
  SendWindow w;
  EXPECT_FALSE(w.grant(kMaxWindow));
  EXPECT_TRUE(w.grant(kMaxWindow - kInitialWindow));
  EXPECT_FALSE(w.grant(1));
  EXPECT_FALSE(w.grant(0xffffffff));
}

TEST(Window, TheReceiverGrantsInSteps) {
  ReceiveWindow w;
  EXPECT_EQ(w.consumed(kCreditStep - 1), 0U);
  EXPECT_EQ(w.consumed(5), kCreditStep + 4);
  EXPECT_EQ(w.consumed(1), 0U);
}

TEST(Window, CreditIsBelievedAsFarAsBytesHaveLeft) {
  CreditCheck c;
  EXPECT_EQ(c.believe(kMaxWindow), 0U) << "nothing has left";
  c.departed(kCreditStep);
  EXPECT_EQ(c.believe(0xffffffff), kCreditStep);
  EXPECT_EQ(c.believe(1), 0U) << "it is credited already";
}

TEST(Window, SmallCreditIsPassedOnInSteps) {
  CreditCheck c;
  c.departed(2 * kMinCredit);
  std::uint32_t passed = 0;
  int frames = 0;
  for (std::uint32_t i = 0; i < 2 * kMinCredit; ++i) {
    if (const auto n = c.believe(1); n > 0) {
      passed += n;
      ++frames;
    }
  }
  EXPECT_EQ(passed, 2 * kMinCredit);
  EXPECT_EQ(frames, 2);
}

}  // namespace
}  // namespace rap::flow
