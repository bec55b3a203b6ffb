// How far a node is, or was, from a destination: the feasibility condition of RFC 8966 §2.4 orders
// routes by it. A newer number of the destination is better than any metric under an older one.
#pragma once

#include "mesh/distance_vector/link_costs.hpp"

namespace rap::routes {

using wire::OriginNumber;

struct Distance {
  OriginNumber number;
  RouteMetric metric = kUnreachable;
  bool operator==(const Distance&) const = default;
};

constexpr bool is_better(const Distance& one, const Distance& other) {
  if (one.number != other.number) return one.number > other.number;
  return one.metric < other.metric;
}

}  // namespace rap::routes
