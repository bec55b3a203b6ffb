// The tables of the entrance itself. Those of all rooms together: api_table.hpp.
#pragma once

#include <vector>

#include "control/entrance/ports.hpp"
#include "control/http/route.hpp"

namespace rap::control {

std::vector<RouteOf<Database>> audit_routes();
std::vector<RouteOf<PlatformPorts>> platform_routes();  // health, metrics, trust, API description

}  // namespace rap::control
