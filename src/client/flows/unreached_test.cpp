#include "client/flows/unreached.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::client {
namespace {

using namespace std::chrono_literals;

class UnreachedTest : public ::testing::Test {
 protected:
  SeededRandom rng{3};
  NodeId egress = NodeId::random(rng);
  MonoTime now{1h};
  Unreached unreached;
};

TEST_F(UnreachedTest, IsOfOneEgress) {
  unreached.note(egress, now);
  EXPECT_TRUE(unreached.avoids(egress, now));
  EXPECT_FALSE(unreached.avoids(NodeId::random(rng), now));
  unreached.forget(egress);
  EXPECT_FALSE(unreached.avoids(egress, now));
}

TEST_F(UnreachedTest, AfterAWhileOneFlowTriesItForAll) {
  unreached.note(egress, now);
  now += kUnreachedMemory - 1ns;
  EXPECT_TRUE(unreached.avoids(egress, now));
  now += 1ns;
  EXPECT_FALSE(unreached.avoids(egress, now));
  unreached.probe(egress, now);
  EXPECT_TRUE(unreached.avoids(egress, now)) << "the others wait for how it ends";
  now += kProbeInterval;
  EXPECT_FALSE(unreached.avoids(egress, now)) << "it never heard: another tries";
}

TEST_F(UnreachedTest, WhatNobodyTriesIsForgotten) {
  unreached.note(egress, now);
  const NodeId other = NodeId::random(rng);
  unreached.note(other, now + 2 * kUnreachedMemory - 1ns);
  EXPECT_EQ(unreached.size(), 2U);
  unreached.note(other, now + 2 * kUnreachedMemory);
  EXPECT_EQ(unreached.size(), 1U);
}

TEST_F(UnreachedTest, AtItsBoundTheOldestMakesWay) {
  unreached.note(egress, now);
  for (std::size_t i = 1; i < kMaxUnreached; ++i) {
    unreached.note(NodeId::random(rng), now + 1s);
  }
  EXPECT_TRUE(unreached.avoids(egress, now + 1s));
  unreached.note(NodeId::random(rng), now + 1s);
  EXPECT_EQ(unreached.size(), kMaxUnreached);
  EXPECT_FALSE(unreached.avoids(egress, now + 1s));
}

}  // namespace
}  // namespace rap::client
