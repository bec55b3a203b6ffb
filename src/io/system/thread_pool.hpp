// Threads that run jobs, with a bound on how many jobs wait and on what they hold. Those for whom
// they are run take turns (base/fair_queue.hpp).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/fair_queue.hpp"

namespace rap::io {

class ThreadPool {
 public:
  ThreadPool(unsigned threads, std::size_t max_waiting, std::size_t max_waiting_bytes = SIZE_MAX);
  ~ThreadPool();  // waits for the jobs that run; those that wait are dropped
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  struct Terms {
    std::size_t bytes = 0;  // it holds as many while it waits
    std::string_view holder = {};  // for whom it is run
    // Called once, by whoever submits, when it made way for another holder's and is not run.
    std::function<void()> made_way = nullptr;
  };
  // Returns false when no thread is free and max_waiting jobs wait already, none of which makes
  // way, or jobs that hold max_waiting_bytes.
  bool submit(std::function<void()> job, Terms terms);
  bool submit(std::function<void()> job) { return submit(std::move(job), {}); }
  std::size_t waiting() const;  // jobs that wait for a thread

 private:
  void work();

  struct Job {
    std::function<void()> run;
    std::function<void()> made_way;
    std::size_t bytes = 0;
    std::uint64_t number = 0;
  };

  const std::size_t max_waiting_;
  const std::size_t max_waiting_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  FairQueue<Job> jobs_;
  std::uint64_t submitted_ = 0;
  std::size_t bytes_ = 0;  // those that wait hold as many
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rap::io
