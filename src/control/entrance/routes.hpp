// The one table of the people's API. Each room gives its own routes; the node listener's table is
// link/node_table.hpp.
#pragma once

#include <vector>

#include "control/http/route.hpp"

namespace rap::control {

std::vector<Route> api_routes();  // the whole table

std::vector<Route> audit_routes();
std::vector<Route> platform_routes();  // health, metrics, trust bundle, API description

}  // namespace rap::control
