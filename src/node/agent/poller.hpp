// When to make a repeated call again: at a jittered interval while it succeeds, with backoff while
// it fails, and never twice at a time.
#pragma once

#include "base/backoff.hpp"
#include "base/random.hpp"
#include "base/time.hpp"

namespace rap::agent {

inline constexpr Duration kPollRetryFirst = std::chrono::milliseconds{250};
inline constexpr Duration kPollRetryCap = std::chrono::seconds{10};
inline constexpr int kPollJitterPercent = 10;  // of the interval, either way

class Poller {
 public:
  static constexpr MonoTime kNever = MonoTime::max();

  // The call is made only when hurried where there is no interval (zero), and repeated until it
  // succeeds.
  explicit Poller(Duration interval) : interval_(interval) {
    if (interval_ > Duration::zero()) next_ = MonoTime::min();
  }

  MonoTime next() const { return outstanding_ ? kNever : next_; }
  bool due(MonoTime now) const { return next() != kNever && next() <= now; }

  void begin() { outstanding_ = true; }
  bool is_under_way() const { return outstanding_; }
  // Make the call as soon as possible; a call that keeps failing keeps its backoff.
  void hurry(MonoTime now) {
    if (outstanding_ || failing_) {
      again_ = true;
    } else {
      next_ = std::min(next_, now);
    }
  }
  // A shorter one brings the next call forward, unless it waits after a failure.
  void set_interval(Duration interval, MonoTime now, RandomSource& rng) {
    interval_ = interval;
    if (!outstanding_ && !failing_) next_ = std::min(next_, now + jittered(rng));
  }
  void succeeded(MonoTime now, RandomSource& rng) {
    outstanding_ = false;
    failing_ = false;
    backoff_.reset();
    next_ = interval_ > Duration::zero() ? now + jittered(rng) : kNever;
    if (again_) next_ = now;
    again_ = false;
  }
  void failed(MonoTime now, RandomSource& rng) {
    outstanding_ = false;
    failing_ = true;
    next_ = now + backoff_.next(rng);
  }

 private:
  Duration jittered(RandomSource& rng) const {
    const auto span = static_cast<std::uint64_t>(interval_.count()) * kPollJitterPercent / 100;
    return interval_ - Duration{static_cast<Duration::rep>(span)} +
           Duration{static_cast<Duration::rep>(rng.u64() % (2 * span + 1))};
  }

  Duration interval_;
  MonoTime next_ = kNever;
  Backoff backoff_{kPollRetryFirst, kPollRetryCap};
  bool outstanding_ = false;
  bool again_ = false;  // hurried while outstanding or failing
  bool failing_ = false;
};

}  // namespace rap::agent
