// For tests: an event loop on a thread of its own, and a log that can be waited for.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log/log.hpp"
#include "io/loop/event_loop.hpp"

namespace rap::io {

// Far beyond what any test waits for: it only keeps a failing test from hanging.
inline constexpr std::chrono::seconds kPatience{8 * RAP_PATIENCE};

class TestLog final : public Log {
 public:
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    std::lock_guard lock(mutex_);
    lines_.push_back(format_log_line("t", level, "test", event, fields));
    came_.notify_all();
  }
  // Whether so many lines with the text in them are there, or come.
  bool wait_for(std::string_view text, std::ptrdiff_t times = 1) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, kPatience, [&] { return count_locked(text) >= times; });
  }
  std::ptrdiff_t count(std::string_view text) {
    std::lock_guard lock(mutex_);
    return count_locked(text);
  }

 private:
  std::ptrdiff_t count_locked(std::string_view text) const {
    return std::ranges::count_if(
        lines_, [&](const std::string& line) { return line.find(text) != std::string::npos; });
  }

  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::string> lines_;
};

// What lives on the loop is made and ended there.
class TestLoop {
 public:
  TestLoop() : thread_([this] { loop.run(); }) {}
  ~TestLoop() {
    loop.stop();
    thread_.join();
  }

  // Runs fn on the loop and waits for it.
  template <class Fn>
  void run(Fn fn) {
    std::promise<void> done;
    loop.post([&] {
      fn();
      done.set_value();
    });
    done.get_future().wait();
  }

  EventLoop loop;

 private:
  std::thread thread_;
};

}  // namespace rap::io
