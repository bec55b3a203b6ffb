// When to start the supervised program again (NA-3): a program that had run for a while at once,
// one that keeps dying after a backoff. The shell does the starting.
#pragma once

#include <optional>

#include "base/backoff.hpp"
#include "base/random.hpp"
#include "base/time.hpp"

namespace rap::agent {

inline constexpr Duration kRestartBackoffFirst = std::chrono::milliseconds{100};
inline constexpr Duration kRestartBackoffCap = std::chrono::seconds{10};
inline constexpr Duration kStableRun = std::chrono::seconds{10};

class Supervision {
 public:
  explicit Supervision(RandomSource& rng) : rng_(rng) {}

  // A program that is running already; how long it has is unknown and counts as long enough.
  void adopted(MonoTime now) { running_since_ = now - kStableRun; }
  void started(MonoTime now) { running_since_ = now; }
  void start_failed(MonoTime now) { ended(now, false); }
  void exited(MonoTime now) { ended(now, running_since_ && now - *running_since_ >= kStableRun); }

  bool running() const { return running_since_.has_value(); }
  // When to start it; nullopt while it runs.
  std::optional<MonoTime> start_at() const {
    return running_since_ ? std::nullopt : std::optional(start_at_);
  }

 private:
  void ended(MonoTime now, bool was_stable) {
    running_since_.reset();
    if (was_stable) {
      short_lived_ = false;
      backoff_.reset();
    }
    start_at_ = short_lived_ ? now + backoff_.next(rng_) : now;
    short_lived_ = true;
  }

  RandomSource& rng_;
  Backoff backoff_{kRestartBackoffFirst, kRestartBackoffCap};
  std::optional<MonoTime> running_since_;
  MonoTime start_at_ = MonoTime::min();
  bool short_lived_ = false;  // it ended once, and has not had a stable run since
};

}  // namespace rap::agent
