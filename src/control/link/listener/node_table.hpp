// The table of the node listener: what nodes may ask, in which form, and on which threads.
#pragma once

#include <vector>

#include "control/link/node_route.hpp"

namespace rap::control {

std::vector<NodeRoute> node_listener_routes();

// The executor of the row that a request is for. What is no call of a node goes to the first, and
// is refused quickly.
NodeExecutor executor_of(const std::vector<NodeRoute>& routes, const wire::HttpRequest& request);

}  // namespace rap::control
