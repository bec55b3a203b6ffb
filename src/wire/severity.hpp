// What becomes of a live channel whose peer is denied: it is drained first, or closed at once. The
// names are those of configurations, deny lists and the API (CH-13).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/name_table.hpp"

namespace rap::wire {

// The greater one wins where several entries name the peer.
enum class Severity : std::uint8_t { drain, close };

// The names, by the number of the severity.
inline constexpr std::array<std::string_view, 2> kSeverityNames = {"drain", "close"};

constexpr std::string_view to_string(Severity severity) {
  return name_in(kSeverityNames, severity);
}
constexpr std::optional<Severity> severity_from(std::string_view name) {
  return value_in<Severity>(kSeverityNames, name);
}

}  // namespace rap::wire
