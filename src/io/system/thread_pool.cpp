#include "io/system/thread_pool.hpp"

#include <optional>
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

bool ThreadPool::submit(std::function<void()> job, Terms terms) {
  std::optional<Job> without_place;
  {
    std::lock_guard lock(mutex_);
    if (terms.bytes > max_waiting_bytes_ - bytes_) return false;
    bytes_ += terms.bytes;
    without_place = jobs_.push(
        terms.holder, {std::move(job), std::move(terms.made_way), terms.bytes, ++submitted_},
        max_waiting_ + idle_);
    if (without_place) bytes_ -= without_place->bytes;
    if (without_place && without_place->number == submitted_) return false;
  }
  if (without_place && without_place->made_way) without_place->made_way();
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
    Job job = *jobs_.pop();
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
