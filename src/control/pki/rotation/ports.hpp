// The ports of the rotations of the root and of the key for tokens.
#pragma once

#include "base/log/log.hpp"
#include "control/core/database.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/rotation/trust_keys.hpp"

namespace rap::control {

struct RotationPorts {
  Database& database;
  CurrentAuthority& authority;
  TrustKeys& trust_keys;
  Log& log;
};

}  // namespace rap::control
