#include "sim/flows/flow_storm.hpp"

#include <gtest/gtest.h>

namespace rap::sim {
namespace {

#ifdef RAP_SANITIZED
constexpr std::uint64_t kStorms = 1;
#else
constexpr std::uint64_t kStorms = 5;
#endif

TEST(FlowSimulation, CarriesEveryFlowToItsEndThroughDeathsSleepAndTampering) {
  std::uint64_t tampered = 0;
  for (std::uint64_t seed = 1; seed <= kStorms; ++seed) {
    const FlowStormResult r = FlowStorm({.seed = seed}).run();
    ASSERT_FALSE(r.violation) << "seed " << seed << ": " << *r.violation;
    EXPECT_GT(r.resumed, 50U) << "a storm in which nothing is cut proves nothing";
    tampered += r.frames_tampered;
    EXPECT_GT(r.bytes, 1'000'000U);
    EXPECT_LT(r.longest_gap, 15s) << "seed " << seed;
  }
  EXPECT_GT(tampered, 5U);
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
