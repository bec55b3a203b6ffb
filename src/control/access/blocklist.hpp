// Keeps whom the blocklist names out of the data plane, as far as the control plane can.
#pragma once

#include <string>

#include "control/http/route.hpp"

namespace rap::control {

// Refuses a caller who, whose address or whose device (an id, or "") is listed. Under the
// platform's scope.
Outcome<void> check_blocklist(Transaction& tx, const Call& call, const std::string& device);

}  // namespace rap::control
