// The table of the node listener: what nodes may ask, in which form, and on which threads.
#pragma once

#include <vector>

#include "control/link/node_route.hpp"

namespace rap::control {

std::vector<NodeRoute> node_link_routes();

}  // namespace rap::control
