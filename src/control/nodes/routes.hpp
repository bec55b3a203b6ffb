// The routes of nodes: how a host becomes one, how it leaves, and its certificates.
#pragma once

#include <vector>

#include "control/http/route.hpp"

namespace rap::control {

std::vector<Route> join_token_routes();
std::vector<Route> enrolment_routes();
std::vector<Route> node_routes();
std::vector<Route> channel_routes();
std::vector<Route> certificate_routes();

}  // namespace rap::control
