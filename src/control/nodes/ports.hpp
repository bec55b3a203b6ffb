// The ports of the use cases of nodes. Those of channels and of certificates need the database
// alone.
#pragma once

#include <string>

#include "base/random.hpp"
#include "control/core/database.hpp"
#include "control/http/throttle.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/issuing.hpp"

namespace rap::control {

struct JoinTokenPorts {
  Database& database;
  RandomSource& rng;
  CurrentAuthority& authority;
  std::string public_url;  // https://HOST:PORT, where a host that was invited reaches the API
};

struct EnrolmentPorts {
  Database& database;
  RandomSource& rng;
  Throttle& throttle;
  CurrentAuthority& authority;
  IssuingPorts issuing;
  std::string node_url;  // HOST:PORT of the node listener
};

struct NodePorts {
  Database& database;
  RandomSource& rng;
};

}  // namespace rap::control
