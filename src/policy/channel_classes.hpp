// Which classes of traffic make sense on a channel between two nodes, by their roles (CH-6): what
// keeps the fabric alive always; flows only where a path from an entry to an egress can pass.
#pragma once

#include <vector>

#include "policy/roles.hpp"
#include "wire/traffic_class.hpp"

namespace rap::policy {

// What flows of people have: the rest is the fabric's own.
inline constexpr wire::TrafficClassSet kFlowClasses = {
    wire::TrafficClass::render, wire::TrafficClass::input, wire::TrafficClass::clipboard,
    wire::TrafficClass::file_transfer, wire::TrafficClass::vpn_packet};

// The answer is the same whichever node comes first.
wire::TrafficClassSet classes_between(const std::vector<NodeRole>& one,
                                      const std::vector<NodeRole>& other);

}  // namespace rap::policy
