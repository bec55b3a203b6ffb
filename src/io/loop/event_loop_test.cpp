#include "io/loop/event_loop.hpp"

#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace rap::io {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(EventLoop, RunsWhatOtherThreadsPostOnItsOwnThread) {
  EventLoop loop;
  std::thread::id ran_on;
  std::jthread other([&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(EventLoop, AStopBeforeRunIsNotLost) {
  EventLoop loop;
  loop.stop();
  loop.run();
}

TEST(EventLoop, CanRunAgainAfterAStop) {
  EventLoop loop;
  int runs = 0;
  for (int i = 0; i < 2; ++i) {
    loop.post([&] {
      ++runs;
      loop.stop();
    });
    loop.run();
  }
  EXPECT_EQ(runs, 2);
}

TEST(EventLoop, TerminationCallsTheHandlerOnceAndHangupEachTime) {
  EventLoop loop;
  int stops = 0;
  int hangups = 0;
  loop.on_signal([&] { ++stops; },
                 [&] {
                   if (++hangups == 1) {
                     ::raise(SIGTERM);
                     ::raise(SIGINT);
                     ::raise(SIGHUP);
                   } else {
                     loop.post([&] { loop.stop(); });
                   }
                 });
  ::raise(SIGHUP);
  loop.run();
  EXPECT_EQ(stops, 1);
  EXPECT_EQ(hangups, 2);
}

TEST(EventLoop, WhatWasIgnoredWhenWeWereStartedStaysSo) {
  const auto before_hangup = ::signal(SIGHUP, SIG_IGN);
  const auto before_interrupt = ::signal(SIGINT, SIG_IGN);
  EventLoop loop;
  int stops = 0;
  int hangups = 0;
  loop.on_signal(
      [&] {
        ++stops;
        loop.stop();
      },
      [&] { ++hangups; });
  ::raise(SIGHUP);
  ::raise(SIGINT);
  ::raise(SIGTERM);
  loop.run();
  EXPECT_EQ(stops, 1) << "a request to end is heard in any case";
  EXPECT_EQ(hangups, 0);
  ::signal(SIGHUP, before_hangup);
  ::signal(SIGINT, before_interrupt);
}

TEST(Timer, FiresInTheOrderOfDeadlines) {
  EventLoop loop;
  Timer early(loop);
  Timer late(loop);
  std::vector<int> order;
  late.after(milliseconds{50}, [&] {
    order.push_back(2);
    loop.stop();
  });
  early.after(milliseconds{1}, [&] { order.push_back(1); });
  loop.run();
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(Timer, SettingItAgainReplacesTheOldDeadline) {
  EventLoop loop;
  Timer timer(loop);
  int fired = 0;
  timer.after(hours{1}, [&] { fired += 100; });
  timer.after(milliseconds{0}, [&] {
    ++fired;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(fired, 1);
}

TEST(Timer, ACancelledTimerStaysSilentEvenWhenItsExpiryWasAlreadyQueued) {
  EventLoop loop;
  Timer first(loop);
  std::optional<Timer> second(std::in_place, loop);
  Timer end(loop);
  bool second_fired = false;
  // Both are due at once, so both expiries are queued before the first function runs.
  first.after(milliseconds{0}, [&] { second.reset(); });
  second->after(milliseconds{0}, [&] { second_fired = true; });
  end.after(milliseconds{1}, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(second_fired);
}

TEST(Timer, ItsFunctionMaySetItAgainOrDestroyIt) {
  EventLoop loop;
  auto timer = std::make_unique<Timer>(loop);
  int fired = 0;
  timer->after(milliseconds{0}, [&] {
    ++fired;
    timer->after(milliseconds{0}, [&] {
      ++fired;
      timer.reset();
      loop.stop();
    });
  });
  loop.run();
  EXPECT_EQ(fired, 2);
}

TEST(Timer, AcceptsTheLongestDelayThereIs) {
  EventLoop loop;
  Timer timer(loop);
  bool fired = false;
  timer.after(Duration::max(), [&] { fired = true; });
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(fired);
}

}  // namespace
}  // namespace rap::io
