#include "io/system/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>

namespace rap::io {
namespace {

TEST(ThreadPool, RunsAsManyJobsAtOnceAsItHasThreads) {
  std::latch together(3);
  std::latch done(3);
  ThreadPool pool(3, 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(pool.submit([&] {
      together.arrive_and_wait();  // ends only when all three are here
      done.count_down();
    }));
  }
  done.wait();
}

TEST(ThreadPool, RefusesOneMoreThanMayWait) {
  std::latch entered(1);
  std::latch release(1);
  std::latch done(2);
  ThreadPool pool(1, 2);
  ASSERT_TRUE(pool.submit([&] {
    entered.count_down();
    release.wait();
  }));
  entered.wait();
  EXPECT_TRUE(pool.submit([&] { done.count_down(); }));
  EXPECT_TRUE(pool.submit([&] { done.count_down(); }));
  EXPECT_FALSE(pool.submit([] {}));
  release.count_down();
  done.wait();
}

TEST(ThreadPool, RunsTheJobsOfAllInTurnAndDropsTheNewestOfWhoHasMost) {
  std::latch entered(1);
  std::latch release(1);
  std::latch done(3);
  std::string ran;
  std::string dropped;
  ThreadPool pool(1, 3);
  ASSERT_TRUE(pool.submit([&] {
    entered.count_down();
    release.wait();
  }));
  entered.wait();
  const auto submit = [&](const char* holder, const char* job) {
    return pool.submit(
        [&, job] {
          ran += job;
          done.count_down();
        },
        {.holder = holder, .made_way = [&, job] { dropped += job; }});
  };
  for (const char* job : {"a1 ", "a2 ", "a3 "}) EXPECT_TRUE(submit("a", job));
  EXPECT_FALSE(submit("a", "a4 "));
  EXPECT_EQ("", dropped) << "who is refused is told by the answer";
  EXPECT_TRUE(submit("b", "b1 "));
  EXPECT_EQ("a3 ", dropped);
  EXPECT_EQ(3U, pool.waiting());
  release.count_down();
  done.wait();
  EXPECT_EQ("a1 b1 a2 ", ran);
}

TEST(ThreadPool, ItsEndWaitsForWhatRunsAndDropsWhatWaits) {
  std::latch entered(1);
  std::latch release(1);
  std::atomic<bool> finished = false;
  std::atomic<bool> second_ran = false;
  auto pool = std::make_unique<ThreadPool>(1, 1);
  // Released by the second job's end, which comes only when the pool drops it.
  auto dropped = std::shared_ptr<int>(new int(0), [&](const int* p) {
    delete p;
    release.count_down();
  });
  ASSERT_TRUE(pool->submit([&] {
    entered.count_down();
    release.wait();
    finished = true;
  }));
  entered.wait();
  ASSERT_TRUE(pool->submit([&second_ran, dropped] { second_ran = true; }));
  dropped.reset();
  pool.reset();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(second_ran);
}

}  // namespace
}  // namespace rap::io
