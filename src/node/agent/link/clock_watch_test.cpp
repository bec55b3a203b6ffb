#include "node/agent/link/clock_watch.hpp"

#include <gtest/gtest.h>

namespace rap::agent {
namespace {

using namespace std::chrono_literals;

class ClockWatchTest : public ::testing::Test {
 protected:
  // The number of things it says when the host's clock is so far ahead.
  std::size_t measure(std::chrono::seconds ahead, Duration trip = 10ms) {
    const Now sent{mono, control + ahead};
    mono += trip;
    const auto passed = std::chrono::floor<std::chrono::seconds>(trip);
    return watch.answered(sent, {mono, control + ahead + passed}, control + passed / 2).size();
  }

  static constexpr WallTime control = from_unix(1'800'000'000);
  MonoTime mono{1h};
  ClockWatch watch;
};

TEST_F(ClockWatchTest, SaysOnceThatTheClockIsOffAndOnceThatItIsRightAgain) {
  EXPECT_FALSE(watch.skew());
  EXPECT_EQ(measure(4s), 0U);
  EXPECT_EQ(watch.skew(), 4s);
  EXPECT_EQ(measure(-5s), 1U);
  EXPECT_EQ(watch.skew(), -5s);
  EXPECT_EQ(measure(65s), 0U);
  EXPECT_EQ(watch.skew(), 65s);
  EXPECT_EQ(measure(0s), 1U);
  EXPECT_EQ(measure(1s), 0U);
}

TEST_F(ClockWatchTest, TakesHalfOfTheTripOffAndBelievesNoSlowAnswer) {
  measure(10s, 4s);
  EXPECT_EQ(watch.skew(), 10s);
  measure(0s, 4s + 1ms);
  EXPECT_EQ(watch.skew(), 10s);
}

}  // namespace
}  // namespace rap::agent
