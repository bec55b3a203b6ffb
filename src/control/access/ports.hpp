// The ports of the use cases of pools, resources and grants. Those of the blocklist need the
// database alone.
#pragma once

#include "base/random.hpp"
#include "control/core/database.hpp"

namespace rap::control {

struct AccessPorts {
  Database& database;
  RandomSource& rng;
};

}  // namespace rap::control
