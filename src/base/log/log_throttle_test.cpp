#include "base/log/log_throttle.hpp"

#include <gtest/gtest.h>

namespace rap {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kLogStart{1h};

TEST(LogThrottle, WritesTheFirstLinesOfASourceAndCountsTheRest) {
  LogThrottle throttle;
  const auto cause = LogCause::stranger("203.0.113.1", "clients", "no_tls");
  int written = 0;
  for (int i = 0; i < 55'000; ++i) {
    written += throttle.admit(cause, "handshake.failed", kLogStart + i * 100us) ? 1 : 0;
  }
  EXPECT_EQ(written, static_cast<int>(kLinesOfASource));
  EXPECT_TRUE(throttle.due(kLogStart + kLogInterval - 1ns).empty());
  const auto due = throttle.due(kLogStart + kLogInterval);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].event, "handshake.failed");
  EXPECT_EQ(due[0].reason, "clients/no_tls");
  EXPECT_EQ(due[0].lines, 55'000U - kLinesOfASource);
  EXPECT_EQ(due[0].sources, 1U);
  EXPECT_EQ(due[0].loudest, "203.0.113.1");
  EXPECT_EQ(throttle.left_out(), due[0].lines);
}

TEST(LogThrottle, ManySourcesTogetherHaveALimitTooAndAreCountedUpToABound) {
  LogThrottle throttle;
  std::size_t written = 0;
  for (std::size_t i = 0; i < 10 * kMaxLogSources; ++i) {
    const auto cause = LogCause::stranger("2001:db8:" + std::to_string(i) + "::/64");
    written += throttle.admit(cause, "handshake.failed", kLogStart) ? 1 : 0;
  }
  EXPECT_EQ(written, kLinesOfAReason);
  const auto due = throttle.due(kLogStart + kLogInterval);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].sources, kMaxLogSources);
  EXPECT_TRUE(due[0].more_sources);
  EXPECT_EQ(due[0].lines, 10 * kMaxLogSources - kLinesOfAReason);
}

TEST(LogThrottle, ASourceThatGoesOnIsOnlyCountedAndANewOneIsHeard) {
  LogThrottle throttle;
  const auto loud = LogCause::stranger("loud");
  const auto fresh = LogCause::stranger("fresh");
  for (int i = 0; i < 10; ++i) throttle.admit(loud, "e", kLogStart);
  MonoTime now = kLogStart + kLogInterval;
  EXPECT_EQ(throttle.due(now).size(), 1U);
  EXPECT_FALSE(throttle.admit(loud, "e", now));
  EXPECT_TRUE(throttle.admit(fresh, "e", now));
  now += kLogInterval;
  ASSERT_EQ(throttle.due(now).size(), 1U);
  EXPECT_TRUE(throttle.admit(loud, "e", now)) << "it had one line in the last interval";
}

TEST(LogThrottle, ForgetsAReasonOfWhichNothingWasLeftOut) {
  LogThrottle throttle;
  EXPECT_TRUE(throttle.admit(LogCause::stranger("a"), "e", kLogStart));
  EXPECT_TRUE(throttle.due(kLogStart + kLogInterval).empty());
  EXPECT_EQ(throttle.reasons(), 0U);
}

TEST(LogThrottle, HoldsNoMoreReasonsThanItsBound) {
  LogThrottle throttle;
  for (std::size_t i = 0; i < 3 * kMaxLogReasons; ++i) {
    throttle.admit(LogCause::stranger("a", std::to_string(i)), "e", kLogStart);
  }
  EXPECT_EQ(throttle.reasons(), kMaxLogReasons + 1);
  const auto rest = throttle.rest();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].event, kOtherReasons);
  EXPECT_EQ(rest[0].lines, 2 * kMaxLogReasons - kLinesOfASource);
}

TEST(LogThrottle, AMemberIsHeardForLongerButNotForEver) {
  LogThrottle throttle;
  std::size_t written = 0;
  for (std::size_t i = 0; i < 10 * kLinesOfAMember; ++i) {
    written += throttle.admit(LogCause::member("a node"), "channel.state", kLogStart) ? 1 : 0;
  }
  EXPECT_EQ(written, kLinesOfAMember);
}

}  // namespace
}  // namespace rap
