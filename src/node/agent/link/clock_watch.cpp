#include "node/agent/link/clock_watch.hpp"

#include "base/time_text.hpp"

namespace rap::agent {

LinkActions ClockWatch::answered(Now sent, Now now, WallTime control) {
  const Duration trip = now.mono - sent.mono;
  if (trip > kMaxMeasuringTrip) return {};
  // The wall clock may have been set in between: what was seen last counts.
  skew_ = now.wall - control - std::chrono::floor<std::chrono::seconds>(trip / 2);
  const bool is_off = std::chrono::abs(*skew_) >= kClockSkewSaid;
  if (is_off == std::exchange(said_, is_off)) return {};
  if (!is_off) return {Say{LogLevel::info, "clock.right", "This host's clock is right again."}};
  const std::string by = span_text(*skew_) + " ";
  return {Say{LogLevel::warn, "clock.skewed",
              "This host's clock is " + by + (skew_->count() > 0 ? "ahead of" : "behind") +
                  " the control plane's. Set it, and keep it by NTP: from half a minute on, "
                  "sessions are refused here."}};
}

}  // namespace rap::agent
