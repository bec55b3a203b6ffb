// Times and durations as people read them.
#pragma once

#include <string>

#include "base/time.hpp"

namespace rap {

// RFC 3339 in UTC, to the second: "2026-03-01T12:00:00Z".
std::string rfc3339(WallTime time);

// A span in the largest unit of which there are at least two: "90 s", "5 min", "47 h", "3650 d". It
// is rounded towards zero, and has no sign.
std::string span_text(std::chrono::seconds span);

}  // namespace rap
