// The ports of the use cases of nodes. Those of channels and of certificates need the database
// alone.
#pragma once

#include "base/random.hpp"
#include "control/core/database.hpp"

namespace rap::control {

struct NodePorts {
  Database& database;
  RandomSource& rng;
};

}  // namespace rap::control
