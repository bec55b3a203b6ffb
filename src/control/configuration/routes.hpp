// The routes of configuration by type, and of what nodes made of it.
#pragma once

#include <vector>

#include "control/http/route.hpp"

namespace rap::control {

std::vector<Route> config_routes();
std::vector<Route> config_status_routes();

}  // namespace rap::control
