// The call of the delta channel (CP-4) on the node listener.
#pragma once

#include "control/http/route.hpp"

namespace rap::control {

Route delta_route();

}  // namespace rap::control
