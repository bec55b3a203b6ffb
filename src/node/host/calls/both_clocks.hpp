// The time of both of the host's clocks, as the agent's cores take it.
#pragma once

#include "io/system/system.hpp"
#include "node/agent/actions.hpp"

namespace rap::host {

inline agent::Now now() { return {io::mono_now(), io::wall_now()}; }

}  // namespace rap::host
