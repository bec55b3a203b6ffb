// Time as a value. Cores receive it as an argument; nothing here can ask the machine for it
// (io/system can), so a core that tries to read a clock does not compile.
#pragma once

#include <chrono>
#include <cstdint>

namespace rap {

using Duration = std::chrono::nanoseconds;

// Monotonic time since an arbitrary start: intervals, deadlines, heartbeats.
struct MonoClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};
using MonoTime = MonoClock::time_point;

// Seconds since 1970-01-01 UTC: certificate validity, token expiry, audit.
struct WallClock {
  using duration = std::chrono::seconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;
  static constexpr bool is_steady = false;
};
using WallTime = WallClock::time_point;

constexpr std::int64_t to_unix(WallTime t) { return t.time_since_epoch().count(); }
constexpr WallTime from_unix(std::int64_t s) { return WallTime{std::chrono::seconds{s}}; }

}  // namespace rap
