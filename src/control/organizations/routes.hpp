// The routes of organizations, their members and whom they invite.
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/people/ports.hpp"

namespace rap::control {

std::vector<RouteOf<PeoplePorts>> organization_routes();
std::vector<RouteOf<PeoplePorts>> member_routes();
std::vector<RouteOf<PeoplePorts>> invitation_routes();

}  // namespace rap::control
