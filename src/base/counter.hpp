// A count that one thread keeps, or several under a lock, and any thread may read.
#pragma once

#include <atomic>
#include <cstdint>

namespace rap {

class Counter {
 public:
  Counter() = default;
  Counter(const Counter& other) : value_(other) {}
  Counter& operator=(const Counter& other) { return *this = static_cast<std::uint64_t>(other); }
  Counter& operator=(std::uint64_t value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  Counter& operator++() { return *this = *this + 1; }
  operator std::uint64_t() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace rap
