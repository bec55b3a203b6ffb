// Rotating the platform's trust without a moment in which two nodes have no root in common (CH-12):
//
//   distributing   both roots are in force; the old one issues       until every node knows both
//   reissuing      the new one issues; nodes are asked to renew      until every node did
//   retiring       only the new one is in force                      until every node knows
//   stable         nobody is talked to who does not know
#pragma once

#include "control/http/route.hpp"

namespace rap::control {

// Takes the next step when every node is through with the last one, and makes the authority the one
// the state calls for. For the housekeeping; doing it twice is harmless.
void keep_trust(Services& s, WallTime now);

// Makes the authority the one that the database's state calls for; a fault is logged and tried
// again with the next housekeeping.
void follow_trust(Services& s);

}  // namespace rap::control
