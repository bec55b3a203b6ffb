// Both rotations go on by themselves: the housekeeping of trust.
#pragma once

#include "base/time.hpp"
#include "control/pki/rotation/ports.hpp"

namespace rap::control {

// Takes the next step of each rotation when every node is through with the last one, and makes the
// authority the one the state calls for. Doing it twice is harmless.
void keep_trust(const RotationPorts& ports, WallTime now);

}  // namespace rap::control
