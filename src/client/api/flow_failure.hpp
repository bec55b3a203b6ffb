// What the end of a flow means to the person who wanted it: an exit code, and what to do next.
#pragma once

#include <string>

#include "client/core/failure.hpp"
#include "wire/flow_reason.hpp"

namespace rap::client {

// `accepted` tells a flow that broke from one that never was. `detail` may say more, or be empty.
Failure flow_failure(wire::FlowReason reason, bool accepted, const std::string& resource,
                     const std::string& detail);

}  // namespace rap::client
