#include "sim/routes/route_world.hpp"

#include <gtest/gtest.h>

namespace rap::sim {
namespace {

#ifdef RAP_SANITIZED
constexpr std::uint64_t kMeshes = 2;
constexpr std::size_t kMany = 200;
#else
constexpr std::uint64_t kMeshes = 6;
constexpr std::size_t kMany = 1000;
#endif

TEST(RouteSimulation, IsFreeOfLoopsInAStormAndTakesTheNearestWaysAfterIt) {
  for (std::uint64_t seed = 1; seed <= kMeshes; ++seed) {
    const RouteResult r = RouteWorld({.mesh = {.seed = seed}}).run();
    ASSERT_FALSE(r.violation) << "seed " << seed << ": " << *r.violation;
    EXPECT_GT(r.changes, 100U) << "a mesh in which nothing happens proves nothing";
    EXPECT_LT(r.most, 3s) << "seed " << seed;
  }
}

TEST(RouteSimulation, GivesTheSameHistoryForTheSameSeed) {
  const auto digest = [](std::uint64_t seed) {
    return RouteWorld({.mesh = {.seed = seed}, .quiet = 70s}).run().digest;
  };
  EXPECT_EQ(digest(7), digest(7));
  EXPECT_NE(digest(7), digest(8));
}

// Neither loops nor numbers that nobody signed: every change of every route is looked at.
TEST(RouteSimulation, AThousandNodesFindTheirWaysWithinThreeSecondsOfTheLastFault) {
  RoutePlan plan = plan_of(kMany);
  plan.mesh.destinations = 32;
  plan.storm = 3s;
  plan.mishaps *= 2;
  plan.nearest = false;
  const RouteResult r = RouteWorld(plan).run();
  ASSERT_FALSE(r.violation) << *r.violation;
  EXPECT_GT(r.pairs, 8 * kMany);
  EXPECT_GT(r.lies, 0U);
  EXPECT_GT(r.refusals, 0U);
  EXPECT_LT(r.half, 1s);
  EXPECT_LT(r.most, 3s);
  EXPECT_LE(r.leaf_destinations, plan.mesh.pool);
}

// Nothing ever goes wrong, so that what is taken is what the algorithm finds alone.
TEST(RouteSimulation, TakesTheNearestWaysThatPolicyPermitsInMeshesThatStandStill) {
  for (std::uint64_t seed = 1; seed <= kMeshes; ++seed) {
    const RoutePlan plan{.mesh = {.seed = seed,
                                  .relays = 20 + 4 * seed,
                                  .leaves = 40,
                                  .destinations = 12,
                                  .degree = 2 + seed % 3,
                                  .forbidden_permille = static_cast<unsigned>(50 * (seed % 4))},
                         .storm = 1us,
                         .mishaps = 0ms,
                         .liars = false,
                         .all_ways = false};
    const RouteResult r = RouteWorld(plan).run();
    ASSERT_FALSE(r.violation) << "seed " << seed << ": " << *r.violation;
    EXPECT_GT(r.pairs, 400U);
  }
}

// A leaf of a mesh five times as large is told no more and keeps no more.
TEST(RouteSimulation, CostsALeafTheSameHoweverLargeTheMesh) {
  const RoutePlan small{
      .mesh = {.relays = 8, .leaves = 12, .destinations = 8}, .storm = 1s, .liars = false};
  const RoutePlan large{.mesh = {.relays = 40, .leaves = 60, .destinations = 40},
                        .storm = 1s,
                        .liars = false,
                        .all_ways = false};
  const RouteResult few = RouteWorld(small).run();
  const RouteResult many = RouteWorld(large).run();
  ASSERT_FALSE(few.violation) << *few.violation;
  ASSERT_FALSE(many.violation) << *many.violation;
  EXPECT_LE(many.leaf_destinations, large.mesh.pool);
  EXPECT_LT(many.leaf_memory, few.leaf_memory * 3 / 2);
  EXPECT_LT(many.leaf_traffic, few.leaf_traffic * 2);
  EXPECT_GT(many.relay_memory, few.relay_memory * 3) << "which a relay pays for";
}

std::string found_by(PlantedRoute planted) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto violation =
        RouteWorld({.mesh = {.seed = seed}, .quiet = 70s, .planted = planted}).run().violation;
    if (violation) return *violation;
  }
  return "nothing";
}

TEST(RouteSimulation, FindsTheLoopsOfAMeshWithoutFeasibility) {
  const std::string found = found_by(PlantedRoute::forgets_feasibility);
  EXPECT_TRUE(found.contains("loop") || found.contains("cycle")) << found;
}

TEST(RouteSimulation, FindsAMeshThatBelievesEverySignature) {
  const std::string found = found_by(PlantedRoute::believes_every_signature);
  EXPECT_TRUE(found.contains("never signed")) << found;
}

TEST(RouteSimulation, FindsWaysThatAreNotTheNearest) {
  const std::string found = found_by(PlantedRoute::never_measures);
  EXPECT_TRUE(found.contains("the nearest way is")) << found;
}

}  // namespace
}  // namespace rap::sim
