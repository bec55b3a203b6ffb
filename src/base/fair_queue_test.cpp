#include "base/fair_queue.hpp"

#include <gtest/gtest.h>

namespace rap {
namespace {

std::string order_of(FairQueue<std::string>& queue) {
  std::string out;
  while (const auto item = queue.pop()) out += *item + " ";
  return out;
}

TEST(FairQueue, KeepsTheOrderOfOneHolder) {
  FairQueue<std::string> queue;
  for (const char* item : {"a1", "a2", "a3"}) EXPECT_FALSE(queue.push("a", item, 10));
  EXPECT_EQ(3U, queue.size());
  EXPECT_EQ("a1 a2 a3 ", order_of(queue));
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueue, TakesTurnsBetweenHolders) {
  FairQueue<std::string> queue;
  for (const char* item : {"a1", "a2", "a3", "a4"}) queue.push("a", item, 10);
  for (const char* item : {"b1", "b2"}) queue.push("b", item, 10);
  EXPECT_EQ("a1 b1 a2 b2 a3 a4 ", order_of(queue));
}

TEST(FairQueue, LetsTheLongestLineMakeWayForWhoeverHasFewer) {
  FairQueue<std::string> queue;
  for (const char* item : {"a1", "a2", "a3"}) queue.push("a", item, 3);
  EXPECT_EQ("a4", queue.push("a", "a4", 3)) << "nobody makes way for their own";
  EXPECT_EQ("a3", queue.push("b", "b1", 3));
  EXPECT_EQ("b2", queue.push("b", "b2", 3)) << "a line that is one longer keeps its place";
  EXPECT_EQ("a2", queue.push("c", "c1", 3));
  EXPECT_EQ("d1", queue.push("d", "d1", 3));
  EXPECT_EQ(3U, queue.size());
  EXPECT_EQ("a1 b1 c1 ", order_of(queue));
}

TEST(FairQueue, TakesNothingWhereThereIsNoPlaceAtAll) {
  FairQueue<std::string> queue;
  EXPECT_EQ("a", queue.push("a", "a", 0));
  EXPECT_FALSE(queue.pop());
}

TEST(FairQueue, ForgetsAllWhenItIsCleared) {
  FairQueue<std::string> queue;
  queue.push("a", "a1", 10);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.push("a", "a2", 10));
  EXPECT_EQ("a2 ", order_of(queue));
}

}  // namespace
}  // namespace rap
