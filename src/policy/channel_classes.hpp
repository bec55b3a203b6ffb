// Which classes of traffic make sense on a channel between two nodes, by their roles (CH-6): what
// keeps the fabric alive always; flows only where a path from an entry to an egress can pass.
#pragma once

#include <vector>

#include "policy/roles.hpp"
#include "wire/traffic_class.hpp"

namespace rap::policy {

// The answer is the same whichever node comes first.
wire::TrafficClassSet classes_between(const std::vector<NodeRole>& one,
                                      const std::vector<NodeRole>& other);

}  // namespace rap::policy
