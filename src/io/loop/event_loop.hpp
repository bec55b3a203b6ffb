// One thread's event loop (Asio inside). Everything that touches a socket lives on one loop; other
// threads reach it with post() only.
#pragma once

#include <functional>
#include <memory>

#include "base/time.hpp"

namespace boost::asio {
class io_context;
}

namespace rap::io {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void run();   // returns after stop()
  void stop();  // may be called from any thread
  void post(std::function<void()> fn);  // may be called from any thread; `fn` runs on the loop
  // SIGINT and SIGTERM call fn once; SIGHUP calls on_hangup each time, when given. SIGPIPE is
  // ignored from then on: a service outlives the reader of its log.
  void on_signal(std::function<void()> fn, std::function<void()> on_hangup = nullptr);
  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A one-shot timer; setting it again replaces the old deadline, destroying it cancels.
class Timer {
 public:
  explicit Timer(EventLoop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void after(Duration delay, std::function<void()> fn);
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rap::io
