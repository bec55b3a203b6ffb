#include "io/system/thread_pool.hpp"

#include <utility>

namespace rap::io {

ThreadPool::ThreadPool(unsigned threads, std::size_t max_waiting, std::size_t max_waiting_bytes)
    : max_waiting_(max_waiting), max_waiting_bytes_(max_waiting_bytes), idle_(threads) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool ThreadPool::submit(std::function<void()> job, std::size_t bytes) {
  {
    std::lock_guard lock(mutex_);
    if (jobs_.size() >= max_waiting_ + idle_) return false;
    if (bytes > max_waiting_bytes_ - bytes_) return false;
    bytes_ += bytes;
    jobs_.push_back({std::move(job), bytes});
  }
  changed_.notify_one();
  return true;
}

std::size_t ThreadPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (ending_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    bytes_ -= job.bytes;
    --idle_;
    lock.unlock();
    job.run();
    job.run = nullptr;  // what it holds is released outside the lock
    lock.lock();
    ++idle_;
  }
}

}  // namespace rap::io
