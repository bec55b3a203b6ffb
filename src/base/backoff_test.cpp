#include "base/backoff.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, StaysBelowADoublingCeilingAndUsesAllOfIt) {
  SeededRandom rng(1);
  Duration largest[8] = {};
  for (int round = 0; round < 2000; ++round) {
    Backoff backoff(milliseconds(100), milliseconds(1000));
    for (int n = 0; n < 8; ++n) {
      const Duration delay = backoff.next(rng);
      EXPECT_GE(delay, Duration::zero());
      EXPECT_LE(delay, std::min<Duration>(milliseconds(100 << n), milliseconds(1000)));
      largest[n] = std::max(largest[n], delay);
    }
  }
  EXPECT_GT(largest[0], milliseconds(95));
  EXPECT_GT(largest[3], milliseconds(750));
  EXPECT_GT(largest[7], milliseconds(950));
}

TEST(Backoff, StartsAgainAfterASuccess) {
  SeededRandom rng(2);
  Backoff backoff(milliseconds(10), milliseconds(10'000));
  for (int n = 0; n < 20; ++n) backoff.next(rng);
  backoff.reset();
  EXPECT_LE(backoff.next(rng), milliseconds(10));
}

}  // namespace
}  // namespace rap
