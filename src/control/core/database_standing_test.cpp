#include "control/core/database_standing.hpp"

#include <gtest/gtest.h>

namespace rap::control {
namespace {

using namespace std::chrono_literals;

class DatabaseStandingTest : public testing::Test {
 protected:
  static constexpr WallTime kBegan = from_unix(1'800'000'000);

  MonoTime mono() const { return MonoTime{1h} + passed_; }
  WallTime wall() const {
    return kBegan + std::chrono::duration_cast<std::chrono::seconds>(passed_);
  }
  void wait(Duration time) { passed_ += time; }
  void fail(OutageCause cause = OutageCause::no_answer) { standing_.step(mono(), wall(), cause); }
  void reach() { standing_.step(mono(), wall(), std::nullopt); }
  void be_away(Duration time) {
    fail();
    wait(time);
    reach();
  }
  std::optional<Outage> take() { return standing_.take(mono()); }
  // How many entries there are when somebody asks every second, and the database comes and goes.
  int said_while_flapping(Duration away, Duration up, Duration in_all) {
    int said = 0;
    for (const Duration end = passed_ + in_all; passed_ < end;) {
      fail();
      for (const Duration back = passed_ + away; passed_ < back; wait(1s)) said += take() ? 1 : 0;
      reach();
      for (const Duration gone = passed_ + up; passed_ < gone; wait(1s)) said += take() ? 1 : 0;
    }
    return said;
  }

  DatabaseStanding standing_;
  Duration passed_{};
};

TEST_F(DatabaseStandingTest, IsUpUntilACallFailsAndAgainOnceOneSucceeds) {
  EXPECT_TRUE(standing_.figures(mono()).up);
  fail();
  EXPECT_FALSE(standing_.figures(mono()).up);
  reach();
  EXPECT_TRUE(standing_.figures(mono()).up);
}

TEST_F(DatabaseStandingTest, CountsTheTimeOfAnOutageThatGoesOn) {
  fail();
  wait(30s);
  EXPECT_EQ(standing_.figures(mono()).away, 30s);
  fail();
  wait(5s);
  reach();
  wait(1h);
  EXPECT_EQ(standing_.figures(mono()).away, 35s);
  be_away(500ms);
  EXPECT_EQ(standing_.figures(mono()).away, 35s + 500ms);
  EXPECT_EQ(standing_.figures(mono()).outages, 2U)
      << "however short, and however many calls failed";
}

TEST_F(DatabaseStandingTest, SaysAnOutageOnceItIsOverAndOnlyOnce) {
  wait(10s);
  fail(OutageCause::shutting_down);
  wait(20s);
  fail(OutageCause::no_answer);
  EXPECT_FALSE(take()) << "it goes on";
  wait(20s);
  reach();
  wait(kOutageSettled);
  const auto said = take();
  ASSERT_TRUE(said);
  EXPECT_EQ(*said, (Outage{.from = kBegan + 10s,
                           .until = kBegan + 50s,
                           .away = 40s,
                           .times = 1,
                           .cause = OutageCause::shutting_down}));
  wait(1h);
  EXPECT_FALSE(take());
}

TEST_F(DatabaseStandingTest, SaysNothingOfAnOutageThatNobodyWillHaveNoticed) {
  be_away(kShortestOutage - 1ns);
  wait(1h);
  EXPECT_FALSE(take());
  be_away(kShortestOutage);
  wait(1h);
  EXPECT_TRUE(take());
}

TEST_F(DatabaseStandingTest, WaitsUntilTheDatabaseStaysBack) {
  be_away(10s);
  wait(kOutageSettled - 1ns);
  EXPECT_FALSE(take());
  be_away(20s);
  wait(kOutageSettled);
  const auto said = take();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->times, 2U);
  EXPECT_EQ(said->away, 30s) << "without the time between them";
  EXPECT_EQ(said->from, kBegan);
}

TEST_F(DatabaseStandingTest, SaysSomeAtOnceAndThenOneInEachPause) {
  for (unsigned n = 0; n < kOutagesSaidAtOnce; ++n) {
    be_away(5s);
    wait(kOutageSettled);
    EXPECT_TRUE(take()) << n;
  }
  be_away(5s);
  wait(kOutageSettled);
  EXPECT_FALSE(take());
  be_away(5s);
  wait(kOutagePause);
  const auto said = take();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->times, 2U) << "none is forgotten";
}

TEST_F(DatabaseStandingTest, OfADatabaseThatComesAndGoesAllDayFillsNoLog) {
  const int said = said_while_flapping(4s, 6s, 24h);
  EXPECT_LE(said, static_cast<int>(kOutagesSaidAtOnce + 24h / kOutagePause));
  EXPECT_GE(said, 24h / kOutagePause);
  EXPECT_EQ(standing_.figures(mono()).outages, 24U * 60 * 6);
  EXPECT_EQ(said_while_flapping(4s, 4s, 1h), 0) << "it never stays back";
}

TEST_F(DatabaseStandingTest, SaysAnOutageLaterWhenItsEntryCouldNotBeWritten) {
  for (unsigned n = 0; n < 2 * kOutagesSaidAtOnce; ++n) {
    if (n == 0) be_away(5s);
    wait(kOutageSettled);
    const auto said = take();
    ASSERT_TRUE(said) << n;
    EXPECT_EQ(said->away, 5s);
    standing_.put_back(*said);
  }
  be_away(7s);
  wait(kOutageSettled);
  const auto said = take();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->times, 2U);
  be_away(3s);
  standing_.put_back(*said);
  wait(kOutageSettled);
  const auto all = take();
  ASSERT_TRUE(all);
  EXPECT_EQ(all->from, kBegan);
  EXPECT_EQ(all->away, 15s);
  EXPECT_EQ(all->until, wall() - kOutageSettled);
}

}  // namespace
}  // namespace rap::control
