// The routes of what people may reach: egress pools, resources, grants, and the blocklist.
#pragma once

#include <vector>

#include "control/http/route.hpp"

namespace rap::control {

std::vector<Route> egress_pool_routes();
std::vector<Route> resource_routes();
std::vector<Route> grant_routes();
std::vector<Route> blocklist_routes();

}  // namespace rap::control
