// The call of the node listener with which a node renews its certificate (PK-7).
#pragma once

#include "control/route.hpp"

namespace rap::control {

Outcome<Reply> renew_certificate(Services& s, const Call& call);

}  // namespace rap::control
