// Spans of time as people type them: "90", "90s", "10m", "2h", "1d".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace rap::client {

// Anything else, nothing at all, and zero are nullopt.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace rap::client
