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
