// The routes of nodes: how a host becomes one, how it leaves, and its certificates.
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/nodes/ports.hpp"

namespace rap::control {

std::vector<RouteOf<JoinTokenPorts>> join_token_routes();
std::vector<RouteOf<EnrolmentPorts>> enrolment_routes();
std::vector<RouteOf<EnrolmentPorts>> organization_enrolment_routes();
std::vector<RouteOf<NodePorts>> node_routes();
std::vector<RouteOf<NodePorts>> organization_node_routes();
std::vector<RouteOf<Database>> channel_routes();
std::vector<RouteOf<Database>> certificate_routes();

}  // namespace rap::control
