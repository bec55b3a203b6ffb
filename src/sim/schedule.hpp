// Virtual time: what is to happen, in order. Two things at the same instant happen in the order
// they were asked for, so that a seed always gives the same history.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/time.hpp"

namespace rap::sim {

class Schedule {
 public:
  using Task = std::function<void()>;

  Duration now() const { return now_; }
  void at(Duration when, Task task) {
    tasks_.emplace(std::pair(std::max(when, now_), next_++), std::move(task));
  }
  void after(Duration delay, Task task) { at(now_ + delay, std::move(task)); }

  // Does the next thing, unless it is later than `until`; then time stands at `until`.
  bool step(Duration until) {
    if (tasks_.empty() || tasks_.begin()->first.first > until) {
      now_ = std::max(now_, until);
      return false;
    }
    auto first = tasks_.extract(tasks_.begin());
    now_ = first.key().first;
    first.mapped()();
    return true;
  }

 private:
  Duration now_{0};
  std::uint64_t next_ = 0;
  std::map<std::pair<Duration, std::uint64_t>, Task> tasks_;
};

}  // namespace rap::sim
