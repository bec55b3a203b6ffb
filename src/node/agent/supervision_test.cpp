#include "node/agent/supervision.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "node/agent/poller.hpp"

namespace rap::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Supervision, StartsAtOnceAndRestartsAtOnceTheFirstTime) {
  SeededRandom rng(1);
  Supervision s(rng);
  MonoTime now{seconds(100)};
  EXPECT_LE(*s.start_at(), now);
  s.started(now);
  EXPECT_FALSE(s.start_at());
  s.exited(now + milliseconds(1));
  EXPECT_EQ(s.start_at(), now + milliseconds(1));
}

TEST(Supervision, BacksOffAProgramThatKeepsDying) {
  SeededRandom rng(2);
  Supervision s(rng);
  MonoTime now{seconds(100)};
  Duration longest{};
  for (int i = 0; i < 60; ++i) {
    s.started(now);
    s.exited(now);
    const Duration delay = *s.start_at() - now;
    EXPECT_LE(delay, i == 0 ? Duration::zero() : kRestartBackoffCap);
    if (i > 0 && i < 4) {
      EXPECT_LE(delay, kRestartBackoffFirst * (1 << (i - 1)));
    }
    longest = std::max(longest, delay);
    now += delay;
  }
  EXPECT_GT(longest, seconds(5));
}

TEST(Supervision, ForgivesAfterAStableRun) {
  SeededRandom rng(3);
  Supervision s(rng);
  MonoTime now{seconds(100)};
  for (int i = 0; i < 20; ++i) {
    s.started(now);
    s.exited(now);
  }
  s.started(now);
  now += kStableRun;
  s.exited(now);
  EXPECT_EQ(s.start_at(), now);
}

TEST(Supervision, AnAdoptedProgramCountsAsStable) {
  SeededRandom rng(4);
  Supervision s(rng);
  const MonoTime now{seconds(100)};
  s.adopted(now);
  s.exited(now);
  EXPECT_EQ(s.start_at(), now);
}

TEST(Supervision, AFailureToStartBacksOffToo) {
  SeededRandom rng(5);
  Supervision s(rng);
  const MonoTime now{seconds(100)};
  for (int i = 0; i < 10; ++i) s.start_failed(now);
  EXPECT_FALSE(s.running());
  EXPECT_GT(*s.start_at(), now);
}

TEST(Poller, KeepsItsIntervalWithinTheJitter) {
  SeededRandom rng(6);
  Poller p(seconds(10));
  MonoTime now{seconds(100)};
  EXPECT_TRUE(p.due(now));
  for (int i = 0; i < 200; ++i) {
    p.begin();
    EXPECT_FALSE(p.due(now + seconds(1000)));
    p.succeeded(now, rng);
    const Duration delay = p.next() - now;
    EXPECT_GE(delay, seconds(9));
    EXPECT_LE(delay, seconds(11));
    now = p.next();
  }
}

TEST(Poller, WithoutAnIntervalCallsOnlyWhenHurried) {
  SeededRandom rng(7);
  Poller p(Duration::zero());
  const MonoTime now{seconds(100)};
  EXPECT_FALSE(p.due(now));
  p.hurry(now);
  EXPECT_TRUE(p.due(now));
  p.begin();
  p.hurry(now);  // something new while the call is under way: once more
  p.succeeded(now, rng);
  EXPECT_TRUE(p.due(now));
  p.begin();
  p.succeeded(now, rng);
  EXPECT_EQ(p.next(), Poller::kNever);
}

TEST(Poller, HurryDoesNotOvercomeTheBackoffOfAFailingCall) {
  SeededRandom rng(8);
  Poller p(seconds(2));
  MonoTime now{seconds(100)};
  Duration longest{};
  for (int i = 0; i < 100; ++i) {
    p.begin();
    p.failed(now, rng);
    const MonoTime next = p.next();
    p.hurry(now);
    EXPECT_EQ(p.next(), next);
    EXPECT_LE(next - now, kPollRetryCap);
    longest = std::max(longest, next - now);
    now = next;
  }
  EXPECT_GT(longest, seconds(8));
}

}  // namespace
}  // namespace rap::agent
