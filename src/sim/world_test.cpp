#include "sim/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rap::sim {
namespace {

// A history takes ten times as long under a sanitizer, and one is as good as ten at finding what a
// sanitizer is for.
#ifdef RAP_SANITIZED
constexpr std::uint64_t kWorlds = 4;
#else
constexpr std::uint64_t kWorlds = 40;
#endif

// --- whole histories

TEST(Simulation, HoldsItsInvariantsThroughStormsAndComesBackAfterThem) {
  for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
    const Result r = World({.seed = seed}).run();
    ASSERT_FALSE(r.violation) << "seed " << seed << ": " << *r.violation;
    EXPECT_GT(r.payloads, 100U) << "a world in which nothing happens proves nothing";
  }
}

TEST(Simulation, GivesTheSameHistoryForTheSameSeed) {
  const Result first = World({.seed = 7}).run();
  const Result again = World({.seed = 7}).run();
  EXPECT_EQ(first.digest, again.digest);
  EXPECT_EQ(first.transitions, again.transitions);
  EXPECT_NE(first.digest, World({.seed = 8}).run().digest);
}

TEST(Simulation, HonestNodesNeverBreakTheProtocolHoweverBadTheNetwork) {
  for (std::uint64_t seed = 1; seed <= kWorlds / 2; ++seed) {
    World world({.seed = seed, .changes = false, .hostility = false});
    ASSERT_FALSE(world.run().violation);
    for (std::size_t i = 0; i < world.size(); ++i) {
      const auto& ended = world.node(i).table().counters().ended_by_reason;
      EXPECT_EQ(ended[static_cast<std::size_t>(channel::FailureReason::policy_denied)], 0U)
          << "seed " << seed;
    }
  }
}

// The harness finds what it is there to find.
class PlantedFaults : public ::testing::TestWithParam<Planted> {};

TEST_P(PlantedFaults, AreFound) {
  std::string found;
  for (std::uint64_t seed = 1; seed <= 20 && found.empty(); ++seed) {
    found = World({.seed = seed, .planted = GetParam()}).run().violation.value_or("");
  }
  EXPECT_NE(found, "");
  RecordProperty("found", found);
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedFaults,
    ::testing::Values(Planted::passes_payload_before_established, Planted::keeps_the_first_policy,
                      Planted::believes_every_certificate, Planted::never_closes,
                      Planted::dials_whenever_it_likes, Planted::loses_its_timer,
                      Planted::forgets_to_tell_the_table, Planted::needs_no_control_plane,
                      Planted::sends_flows_last));

// In good weather, where nothing else goes wrong.
TEST(Simulation, FindsAChannelThatClosesBeforeWhatWasSentOnIt) {
  const Result honest = World({.seed = 1, .faults = false}).run();
  EXPECT_FALSE(honest.violation) << *honest.violation;
  const Result planted =
      World({.seed = 1, .planted = Planted::sends_flows_last, .faults = false}).run();
  EXPECT_THAT(planted.violation.value_or("nothing is found"),
              testing::HasSubstr("drops what it sent before it had drained"));
}

}  // namespace
}  // namespace rap::sim
