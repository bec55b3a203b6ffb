// Both rotations go on by themselves: the housekeeping of trust.
#pragma once

#include "base/time.hpp"
#include "control/core/services.hpp"

namespace rap::control {

// Takes the next step of each rotation when every node is through with the last one, and makes the
// authority the one the state calls for. Doing it twice is harmless.
void keep_trust(Services& s, WallTime now);

}  // namespace rap::control
