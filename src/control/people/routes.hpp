// The routes of people and of what they belong to.
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/people/ports.hpp"

namespace rap::control {

std::vector<RouteOf<PeoplePorts>> user_routes();
std::vector<RouteOf<PeoplePorts>> organization_routes();
std::vector<RouteOf<PeoplePorts>> member_routes();
std::vector<RouteOf<PeoplePorts>> invitation_routes();
std::vector<RouteOf<PeoplePorts>> delegation_routes();
std::vector<RouteOf<PeoplePorts>> metrics_token_routes();

}  // namespace rap::control
