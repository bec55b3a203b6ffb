#include "node/router/admission/recent_sessions.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/seeded_random.hpp"

namespace rap::router {
namespace {

using namespace std::chrono_literals;

TEST(RecentSessions, AreThoseOfTheLastMinute) {
  SeededRandom rng(1);
  const auto first = SessionId::random(rng);
  const auto second = SessionId::random(rng);
  RecentSessions recent;
  recent.note(first, MonoTime{1h});
  recent.note(second, MonoTime{1h + 30s});
  EXPECT_EQ(recent.list(MonoTime{1h + 59s}).size(), 2U);
  EXPECT_EQ(recent.list(MonoTime{1h + 60s}), std::vector{second});
  recent.note(first, MonoTime{1h + 61s});
  EXPECT_EQ(recent.list(MonoTime{1h + 89s}).size(), 2U) << "it was used again";
}

TEST(RecentSessions, AreBoundedAndMakeRoomWithTime) {
  SeededRandom rng(2);
  RecentSessions recent;
  for (std::size_t i = 0; i < kMaxRecentSessions + 10; ++i) {
    recent.note(SessionId::random(rng), MonoTime{1h});
  }
  EXPECT_EQ(recent.list(MonoTime{1h}).size(), kMaxRecentSessions);
  const auto late = SessionId::random(rng);
  recent.note(late, MonoTime{1h + 2min});
  EXPECT_EQ(recent.list(MonoTime{1h + 2min}), std::vector{late});
}

}  // namespace
}  // namespace rap::router
