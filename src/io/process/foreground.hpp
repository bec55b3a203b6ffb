// Runs a program in the foreground: it has our terminal and our descriptors, and what would end us
// ends it instead, so that we live on to say so and to clean up.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "io/process/process.hpp"

namespace rap::io {

// A program that was told to end (SIGTERM) and is still there after this is killed.
inline constexpr std::chrono::seconds kForegroundGrace{5};

struct ForegroundExit {
  ProcessExit how;
  std::optional<int> passed_on;  // the last signal that came for us and went to it
};

// Blocks to the program's end. SIGINT, SIGQUIT, SIGTERM and SIGHUP are passed on, but for those
// that were ignored when we were started (nohup, a background job): they stay so for both. Signals
// are waited for by the calling thread; no other may be running.
std::expected<ForegroundExit, std::string> run_in_foreground(
    SpawnOptions options, std::chrono::milliseconds grace = kForegroundGrace);

}  // namespace rap::io
