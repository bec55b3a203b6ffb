// Threads that run jobs, with a bound on how many jobs wait and on what they hold.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rap::io {

class ThreadPool {
 public:
  ThreadPool(unsigned threads, std::size_t max_waiting, std::size_t max_waiting_bytes = SIZE_MAX);
  ~ThreadPool();  // waits for the jobs that run; those that wait are dropped
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Returns false when no thread is free and max_waiting jobs wait already, or jobs that hold
  // max_waiting_bytes. `bytes`: what this one holds while it waits.
  bool submit(std::function<void()> job, std::size_t bytes = 0);
  std::size_t waiting() const;  // jobs that wait for a thread

 private:
  void work();

  struct Job {
    std::function<void()> run;
    std::size_t bytes = 0;
  };

  const std::size_t max_waiting_;
  const std::size_t max_waiting_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::size_t bytes_ = 0;  // those hold as many bytes
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rap::io
