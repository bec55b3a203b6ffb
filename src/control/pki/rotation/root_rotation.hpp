// Rotating the platform's trust without a moment in which two nodes have no root in common (CH-12):
//
//   distributing   both roots are in force; the old one issues       until every node knows both
//   reissuing      the new one issues; nodes are asked to renew      until every node did
//   retiring       only the new one is in force                      until every node knows
//   stable         nobody is talked to who does not know
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/pki/rotation/ports.hpp"
#include "control/pki/rotation/trust_state.hpp"

namespace rap::control {

// Takes the next step when every node is through with the last one. `state` was locked.
Outcome<void> step_root(const RotationPorts& ports, Transaction& tx, const TrustState& state,
                        WallTime now);

std::vector<RouteOf<RotationPorts>> root_rotation_routes();

}  // namespace rap::control
