// The call of the delta channel (CP-4) on the node listener.
#pragma once

#include "control/link/node_route.hpp"

namespace rap::control {

NodeRoute delta_route();

}  // namespace rap::control
