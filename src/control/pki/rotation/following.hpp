// Making the authority the one that the database's state calls for.
#pragma once

#include "control/pki/rotation/ports.hpp"

namespace rap::control {

// A fault is logged and tried again with the next housekeeping.
void follow_trust(const RotationPorts& ports);

}  // namespace rap::control
