#include "io/loop/event_loop.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace asio = boost::asio;

namespace rap::io {
namespace {

// Far enough to mean "never", near enough that steady_clock's arithmetic cannot overflow.
constexpr Duration kLongestDelay = std::chrono::hours{24 * 365};

// What was ignored when we were started stays so: a hang-up under nohup, Ctrl-C in the background.
bool is_ignored(int number) {
  struct sigaction now{};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

struct EventLoop::Impl {
  asio::io_context context{1};  // one thread runs it; others only post
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::signal_set stop_signals{context};
  asio::signal_set hangup_signals{context};
  std::function<void()> on_stop;
  std::function<void()> on_hangup;
  bool stop_armed = false;
  bool hangup_armed = false;

  void wait_for_stop() {
    stop_signals.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      // The handler stays armed: a second Ctrl-C during an orderly end must not kill us halfway.
      if (auto fn = std::exchange(on_stop, nullptr)) fn();
      wait_for_stop();
    });
  }
  void wait_for_hangup() {
    hangup_signals.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      auto fn = on_hangup;
      fn();
      wait_for_hangup();
    });
  }
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
  impl_->context.run();
  // The restart comes afterwards: run() must still see a stop() that came before it.
  impl_->context.restart();
}

void EventLoop::stop() { impl_->context.stop(); }

void EventLoop::post(std::function<void()> fn) { asio::post(impl_->context, std::move(fn)); }

void EventLoop::on_signal(std::function<void()> fn, std::function<void()> on_hangup) {
  impl_->on_stop = std::move(fn);
  if (!std::exchange(impl_->stop_armed, true)) {
    ::signal(SIGPIPE, SIG_IGN);
    if (!is_ignored(SIGINT)) impl_->stop_signals.add(SIGINT);
    impl_->stop_signals.add(SIGTERM);
    impl_->wait_for_stop();
  }
  if (!on_hangup) return;
  impl_->on_hangup = std::move(on_hangup);
  if (is_ignored(SIGHUP)) return;
  if (!std::exchange(impl_->hangup_armed, true)) {
    impl_->hangup_signals.add(SIGHUP);
    impl_->wait_for_hangup();
  }
}

asio::io_context& EventLoop::context() { return impl_->context; }

struct Timer::Impl {
  explicit Impl(EventLoop& loop) : timer(loop.context()) {}

  asio::steady_timer timer;
  // Asio may have queued an expiry before cancel() could stop it. Each wait holds a share of the
  // token it was armed with; a token that is no longer the current one must not fire.
  std::shared_ptr<std::function<void()>> armed;
};

Timer::Timer(EventLoop& loop) : impl_(std::make_unique<Impl>(loop)) {}
Timer::~Timer() { cancel(); }

void Timer::after(Duration delay, std::function<void()> fn) {
  auto armed = std::make_shared<std::function<void()>>(std::move(fn));
  impl_->armed = armed;
  impl_->timer.expires_after(std::min(delay, kLongestDelay));
  impl_->timer.async_wait([this, weak = std::weak_ptr(armed)](boost::system::error_code error) {
    // While the token lives it is the one in impl_, so `this` lives as well.
    auto current = weak.lock();
    if (error || !current) return;
    impl_->armed.reset();  // the function may set the timer again, or destroy it
    (*current)();
  });
}

void Timer::cancel() {
  impl_->armed.reset();
  impl_->timer.cancel();
}

}  // namespace rap::io
