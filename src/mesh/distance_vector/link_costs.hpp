// What it costs to send over the link to a neighbour, made of what was measured on it: one figure
// for interactive classes (how late a keystroke is) and one for bulk (how long a mebibyte takes).
#pragma once

#include <array>
#include <cstdint>

#include "wire/frames/route_message.hpp"

namespace rap::routes {

using wire::ClassGroup;
using wire::kClassGroups;
using wire::kUnreachable;
using wire::RouteMetric;

// Costs by group; at least 1 each, so that every hop is further from the destination.
using LinkCosts = std::array<RouteMetric, kClassGroups>;

struct LinkFigures {
  std::uint32_t latency_us = 0;  // the smoothed round trip
  std::uint32_t jitter_us = 0;
  std::uint16_t loss_permille = 0;
  std::uint32_t capacity_kbit = 0;  // a second; 0: unknown
};

// A hop costs this much at least, whatever was measured: short paths are the more reliable ones.
inline constexpr RouteMetric kHopCost = 500;
// A link of unknown capacity counts as one of so many kbit/s.
inline constexpr std::uint32_t kAssumedCapacity = 10'000;
// A link costs this much at most, so that a path of 32 hops is still told from no path.
inline constexpr RouteMetric kMaxLinkCost = 100'000'000;

LinkCosts link_costs(const LinkFigures& figures);

// The metric over a link; kUnreachable stays so.
constexpr RouteMetric add(RouteMetric metric, RouteMetric cost) {
  if (metric == kUnreachable || cost == kUnreachable) return kUnreachable;
  const std::uint64_t sum = std::uint64_t{metric} + (cost == 0 ? 1 : cost);
  return sum >= kUnreachable ? kUnreachable : static_cast<RouteMetric>(sum);
}

}  // namespace rap::routes
