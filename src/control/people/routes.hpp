// The routes of people and of what they belong to.
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/people/ports.hpp"

namespace rap::control {

std::vector<RouteOf<SignInPorts>> sign_in_routes();
std::vector<RouteOf<SignInPorts>> password_routes();
std::vector<RouteOf<PeoplePorts>> password_reset_routes();
std::vector<RouteOf<PeoplePorts>> user_routes();
std::vector<RouteOf<PeoplePorts>> organization_routes();
std::vector<RouteOf<PeoplePorts>> member_routes();

}  // namespace rap::control
