// The control link in simulated time (CP-3, CP-4, CP-6): the shipped core of the agent against a
// model of the control plane.
#include <gtest/gtest.h>

#include "sim/link_world.hpp"

namespace rap::sim {
namespace {

using namespace std::chrono_literals;

// A sanitizer takes ten times as long and finds what it is for in a few histories.
#ifdef RAP_SANITIZED
constexpr std::uint64_t kHistories = 3;
constexpr std::size_t kFleet = 500;
constexpr int kDaysAway = 2;
#else
constexpr std::uint64_t kHistories = 25;
constexpr std::size_t kFleet = 10'000;
constexpr int kDaysAway = 30;
#endif

// A calm interval with its jitter, an answer there and back.
constexpr Duration kBlocklistBound = 34s;
// A backoff at its cap comes first after faults.
constexpr Duration kRecoveryBound = 60s;

LinkWorldOptions stormy(std::uint64_t seed, LinkFault planted = LinkFault::none) {
  return {.seed = seed,
          .lost_permille = 50,
          .repeated_permille = 100,
          .crash_permille = 100,
          .planted = planted};
}

// What a storm leaves different from the truth.
std::string after_storm(LinkWorld& world) {
  world.run(10s);
  world.storm(10min);
  world.run(kRecoveryBound);
  return world.first_difference();
}

TEST(ControlLink, ConvergesAfterLossRepetitionCrashesAndOutages) {
  for (std::uint64_t seed = 1; seed <= kHistories; ++seed) {
    LinkWorld world(stormy(seed));
    EXPECT_EQ(after_storm(world), "") << "seed " << seed;
  }
}

TEST(ControlLink, GivesTheSameHistoryForTheSameSeed) {
  const auto digest = [](std::uint64_t seed) {
    LinkWorld world(stormy(seed));
    after_storm(world);
    return world.digest();
  };
  EXPECT_EQ(digest(7), digest(7));
  EXPECT_NE(digest(7), digest(8));
}

// The harness finds what it is there to find.
TEST(ControlLink, PlantedFaultsAreFound) {
  for (const auto planted : {LinkFault::cursor_before_rows, LinkFault::numbers_out_of_order}) {
    bool found = false;
    for (std::uint64_t seed = 1; seed <= 20 && !found; ++seed) {
      LinkWorld world(stormy(seed, planted));
      found = !after_storm(world).empty();
    }
    EXPECT_TRUE(found) << static_cast<int>(planted);
  }
}

TEST(ControlLink, WithAllHintsDroppedItConvergesWithinThePollingBound) {
  for (std::uint64_t seed = 1; seed <= kHistories; ++seed) {
    LinkWorld world({.seed = seed, .hints = false});
    world.run(60s);
    ASSERT_TRUE(world.all_streams_up());
    for (int i = 0; i < 20; ++i) world.change_truth();
    world.run(kBlocklistBound);
    EXPECT_EQ(world.first_difference(), "") << "seed " << seed;
  }
}

TEST(ControlLink, WithHintsItConvergesWithinASecond) {
  LinkWorld world({.seed = 3});
  world.run(60s);
  for (int i = 0; i < 50; ++i) {
    world.change_truth();
    world.run(1s);
    ASSERT_EQ(world.first_difference(), "") << i;
  }
}

TEST(ControlLink, ANodeThatWasCutOffForThirtyDaysCatchesUp) {
  LinkWorld world({.seed = 5, .nodes = 1});
  world.run(60s);
  ASSERT_EQ(world.first_difference(), "");
  world.reachable(0, false);
  for (int day = 0; day < kDaysAway; ++day) {
    world.run(24h);
    for (int i = 0; i < 50; ++i) world.change_truth();
  }
  ASSERT_NE(world.first_difference(), "");
  world.reachable(0, true);
  world.run(kRecoveryBound);
  EXPECT_EQ(world.first_difference(), "");
}

// Waits of U(0, 10 s) one after another make e/10 = 27 % at the worst.
// All streams end in the same instant; the control plane is back 15 s later.
TEST(ControlLinkStampede, OfTenThousandNodesNoMoreThanAThirdOpenTheirStreamInAnySecond) {
  LinkWorld world({.seed = 9, .nodes = kFleet});
  world.run(12s);
  ASSERT_TRUE(world.all_streams_up());
  const Duration lost = world.now();
  world.control_up(false);
  world.run(15s);
  const Duration back = world.now();
  world.control_up(true);
  world.run(20s);
  EXPECT_TRUE(world.all_streams_up());
  EXPECT_EQ(world.first_difference(), "");
  const auto after_loss = world.peak(lost);
  const auto after_return = world.peak(back);
  RecordProperty("peak_streams_a_second", static_cast<int>(after_loss.streams));
  RecordProperty("peak_calls_a_second_once_back", static_cast<int>(after_return.calls));
  EXPECT_LE(after_loss.streams, kFleet / 3);
  EXPECT_LE(after_return.calls, 2 * kFleet);
}

// A control plane that serves fewer calls than come is not brought down: who is turned away comes
// back later, and soon everybody is served.
TEST(ControlLinkStampede, AControlPlaneThatIsTooSlowForAllServesThemAllInTheEnd) {
  constexpr std::size_t kNodes = kFleet / 10;
  LinkWorld world({.seed = 11, .nodes = kNodes, .capacity = kNodes * 6 / 10});
  world.run(60s);
  world.control_up(false);
  world.run(20s);
  world.control_up(true);
  world.run(120s);
  EXPECT_TRUE(world.all_streams_up());
}

}  // namespace
}  // namespace rap::sim
