// A certificate that our intermediate issued and the inventory does not have: the database lost it,
// for it is committed before it is handed out (docs/decisions/histories.md). A node that comes with
// one is not locked out; its certificate is entered anew, and the owner is told.
#pragma once

#include "control/link/node_route.hpp"

namespace rap::control {

// Says whether the certificate of the request is in the inventory now. It never is when it was
// there before with whatever status, when its node takes no part, or when it, its key or its node
// is revoked.
bool adopt_certificate(const NodeCallPorts& ports, Transaction& tx, const Node& node,
                       const wire::HttpRequest& request, WallTime now);

}  // namespace rap::control
