// The routes of configuration by type, and of what nodes made of it.
#pragma once

#include <vector>

#include "control/configuration/ports.hpp"
#include "control/http/route.hpp"

namespace rap::control {

std::vector<RouteOf<Database>> config_routes();
std::vector<RouteOf<ConfigStatusPorts>> config_status_routes();

}  // namespace rap::control
