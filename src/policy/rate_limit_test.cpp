#include "policy/rate_limit.hpp"

#include <gtest/gtest.h>

namespace rap::policy {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart{1h};

TEST(RateLimiter, AllowsTheBurstAndThenOnePerRefill) {
  RateLimiter limiter({3, 10s}, 16);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.take("a", kStart));
  EXPECT_EQ(limiter.take("a", kStart), 10s);
  EXPECT_EQ(limiter.take("a", kStart + 4s), 6s);
  EXPECT_FALSE(limiter.take("a", kStart + 10s));
  EXPECT_EQ(limiter.take("a", kStart + 10s), 10s);
}

TEST(RateLimiter, KeepsKeysApart) {
  RateLimiter limiter({1, 10s}, 16);
  EXPECT_FALSE(limiter.take("a", kStart));
  EXPECT_FALSE(limiter.take("b", kStart));
  EXPECT_TRUE(limiter.take("a", kStart));
}

TEST(RateLimiter, GetsATokenBackForWhatWasHarmless) {
  RateLimiter limiter({1, 10s}, 16);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(limiter.take("a", kStart));
    limiter.give_back("a", kStart);
  }
  EXPECT_EQ(limiter.size(), 0U);
  limiter.give_back("never seen", kStart);
  EXPECT_FALSE(limiter.take("a", kStart));
  EXPECT_TRUE(limiter.take("a", kStart));
}

TEST(RateLimiter, HoldsNoMoreEntriesThanItsBound) {
  RateLimiter limiter({1, 10s}, 2);
  EXPECT_FALSE(limiter.take("a", kStart));
  EXPECT_FALSE(limiter.take("b", kStart));
  EXPECT_TRUE(limiter.take("c", kStart));
  EXPECT_EQ(limiter.size(), 2U);
  EXPECT_FALSE(limiter.take("c", kStart + 10s));
  EXPECT_EQ(limiter.size(), 1U);
}

}  // namespace
}  // namespace rap::policy
