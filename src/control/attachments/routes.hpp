// The routes of what people do with sessions.
#pragma once

#include <vector>

#include "control/http/route.hpp"

namespace rap::control {

std::vector<Route> attachment_routes();
std::vector<Route> fallback_routes();
std::vector<Route> session_routes();

}  // namespace rap::control
