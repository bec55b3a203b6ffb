// The ports of the use cases by which a host becomes a node.
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

}  // namespace rap::control
