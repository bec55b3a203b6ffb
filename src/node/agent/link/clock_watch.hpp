// How far this host's clock is from the control plane's, as check-ins measure it. Tokens and
// certificates are judged by the wall clock, so one that is wrong is said: here in the log, and to
// the owner with the next check-in.
#pragma once

#include <chrono>
#include <optional>

#include "node/agent/link/calls/link_actions.hpp"

namespace rap::agent {

inline constexpr std::chrono::seconds kClockSkewSaid{5};
// A slower answer says too little about when it was given.
inline constexpr Duration kMaxMeasuringTrip = std::chrono::seconds{4};

class ClockWatch {
 public:
  // A check-in was sent at `sent` and answered at `now` with the control plane's time.
  LinkActions answered(Now sent, Now now, WallTime control);

  // How far ahead this host is, negative when behind; nullopt before it was measured.
  std::optional<std::chrono::seconds> skew() const { return skew_; }

 private:
  std::optional<std::chrono::seconds> skew_;
  bool said_ = false;
};

}  // namespace rap::agent
