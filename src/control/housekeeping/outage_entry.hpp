// The audit entry of an outage of the database, which each server writes of its own: what was away
// from one was not away from another.
#pragma once

#include <string_view>

#include "control/core/database_standing.hpp"
#include "control/housekeeping/housekeeping.hpp"

namespace rap::control {

// Writes the entry that is due, if one is; `host` is this server's. When it cannot be written, it
// is due again.
void say_outage(const HousekeepingPorts& ports, std::string_view host, WallTime now);

}  // namespace rap::control
