// The routes of who has access to the platform: users, and the metrics tokens of programs.
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/people/ports.hpp"

namespace rap::control {

std::vector<RouteOf<PeoplePorts>> user_routes();
std::vector<RouteOf<PeoplePorts>> metrics_token_routes();

}  // namespace rap::control
