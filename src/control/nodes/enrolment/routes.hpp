// The routes by which a host becomes a node.
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/nodes/enrolment/ports.hpp"

namespace rap::control {

std::vector<RouteOf<JoinTokenPorts>> join_token_routes();
std::vector<RouteOf<EnrolmentPorts>> enrolment_routes();
std::vector<RouteOf<EnrolmentPorts>> organization_enrolment_routes();

}  // namespace rap::control
