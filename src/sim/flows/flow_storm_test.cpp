#include "sim/flows/flow_storm.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rap::sim {
namespace {

#ifdef RAP_SANITIZED
constexpr std::uint64_t kStorms = 1;
#else
constexpr std::uint64_t kStorms = 5;
#endif

TEST(FlowSimulation, CarriesEveryFlowToItsEndThroughDeathsSleepAndTampering) {
  std::uint64_t tampered = 0;
  Duration longest{0};
  for (std::uint64_t seed = 1; seed <= kStorms; ++seed) {
    const FlowStormResult r = FlowStorm({.seed = seed}).run();
    ASSERT_FALSE(r.violation) << "seed " << seed << ": " << *r.violation;
    EXPECT_GT(r.resumed, 50U) << "a storm in which nothing is cut proves nothing";
    tampered += r.frames_tampered;
    EXPECT_GT(r.bytes, 1'000'000U);
    EXPECT_LT(r.longest_gap, 50s) << "seed " << seed;
    longest = std::max(longest, r.longest_gap);
  }
  EXPECT_GT(tampered, 5U);
  EXPECT_GT(longest, flow::kAckDeadline)
      << "a gap begins with the death, and not when it is noticed";
}

TEST(FlowSimulation, CarriesFlowsThatSayMoreThanAnyBoundToTheirEnd) {
  const FlowStormResult r = FlowStorm({.seed = 1,
                                       .people = 2,
                                       .flows_of_one = 1,
                                       .most_bytes = 24'000'000,
                                       .most_at_once = 200'000,
                                       .untaken = 150s})
                                .run();
  ASSERT_FALSE(r.violation) << *r.violation;
  EXPECT_TRUE(r.tail_was_full);
  EXPECT_TRUE(r.limit_was_reached);
  EXPECT_GT(r.bytes, 16'000'000U);
  EXPECT_GT(r.resumed, 4U);
}

TEST(FlowSimulation, GivesTheSameHistoryOfFlowsForTheSameSeed) {
  const auto digest = [](std::uint64_t seed) {
    return FlowStorm({.seed = seed, .people = 2, .storm = 20s}).run().digest;
  };
  EXPECT_EQ(digest(3), digest(3));
  EXPECT_NE(digest(3), digest(4));
}

TEST(FlowSimulation, FindsAnOwnerThatLosesOrDoublesADelivery) {
  for (const auto planted : {PlantedFlow::loses_a_delivery, PlantedFlow::hears_twice}) {
    EXPECT_TRUE(FlowStorm({.seed = 1, .planted = planted}).run().violation);
  }
}

}  // namespace
}  // namespace rap::sim
