// The routes of delegations.
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/people/ports.hpp"

namespace rap::control {

std::vector<RouteOf<PeoplePorts>> delegation_routes();

}  // namespace rap::control
