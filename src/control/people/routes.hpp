// The routes of people and of what they belong to.
#pragma once

#include <vector>

#include "control/http/route.hpp"

namespace rap::control {

std::vector<Route> sign_in_routes();
std::vector<Route> user_routes();
std::vector<Route> organization_routes();
std::vector<Route> member_routes();

}  // namespace rap::control
