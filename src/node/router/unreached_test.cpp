#include "node/router/unreached.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::router {
namespace {

using namespace std::chrono_literals;

class UnreachedTest : public ::testing::Test {
 protected:
  SeededRandom rng{3};
  NodeId egress = NodeId::random(rng);
  ResourceId resource = ResourceId::random(rng);
  MonoTime now{1h};
  Unreached unreached;
};

TEST_F(UnreachedTest, IsOfOneEgressAndOneResource) {
  unreached.note(egress, resource, now);
  EXPECT_TRUE(unreached.avoids(egress, resource, now));
  EXPECT_FALSE(unreached.avoids(NodeId::random(rng), resource, now));
  EXPECT_FALSE(unreached.avoids(egress, ResourceId::random(rng), now));
  unreached.forget(egress, resource);
  EXPECT_FALSE(unreached.avoids(egress, resource, now));
}

TEST_F(UnreachedTest, AfterAWhileOneFlowTriesItForAll) {
  unreached.note(egress, resource, now);
  now += kUnreachedMemory - 1ns;
  EXPECT_TRUE(unreached.avoids(egress, resource, now));
  now += 1ns;
  EXPECT_FALSE(unreached.avoids(egress, resource, now));
  unreached.probe(egress, resource, now);
  EXPECT_TRUE(unreached.avoids(egress, resource, now)) << "the others wait for how it ends";
  now += kProbeInterval;
  EXPECT_FALSE(unreached.avoids(egress, resource, now)) << "it never heard: another tries";
}

TEST_F(UnreachedTest, WhatNobodyTriesIsForgotten) {
  unreached.note(egress, resource, now);
  unreached.forget_old(now + 2 * kUnreachedMemory - 1ns);
  EXPECT_EQ(unreached.size(), 1U);
  unreached.forget_old(now + 2 * kUnreachedMemory);
  EXPECT_EQ(unreached.size(), 0U);
}

TEST_F(UnreachedTest, AtItsBoundTheOldestMakesWay) {
  unreached.note(egress, resource, now);
  for (std::size_t i = 1; i < kMaxUnreached; ++i) {
    unreached.note(egress, ResourceId::random(rng), now + 1s);
  }
  EXPECT_TRUE(unreached.avoids(egress, resource, now + 1s));
  unreached.note(egress, ResourceId::random(rng), now + 1s);
  EXPECT_EQ(unreached.size(), kMaxUnreached);
  EXPECT_FALSE(unreached.avoids(egress, resource, now + 1s));
}

}  // namespace
}  // namespace rap::router
