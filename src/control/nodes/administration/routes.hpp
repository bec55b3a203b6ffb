// The routes of nodes that there are: how they are seen and changed, and how one leaves.
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/nodes/administration/ports.hpp"

namespace rap::control {

std::vector<RouteOf<NodePorts>> node_routes();
std::vector<RouteOf<NodePorts>> organization_node_routes();
std::vector<RouteOf<Database>> channel_routes();
std::vector<RouteOf<Database>> certificate_routes();

}  // namespace rap::control
