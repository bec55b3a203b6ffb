// The routes of what people may reach: egress pools, resources, grants, and the blocklist.
#pragma once

#include <vector>

#include "control/access/ports.hpp"
#include "control/http/route.hpp"

namespace rap::control {

std::vector<RouteOf<AccessPorts>> egress_pool_routes();
std::vector<RouteOf<AccessPorts>> resource_routes();
std::vector<RouteOf<AccessPorts>> grant_routes();
std::vector<RouteOf<Database>> blocklist_routes();
std::vector<RouteOf<Database>> device_routes();

}  // namespace rap::control
