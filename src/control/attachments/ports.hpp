// The ports of the use cases of sessions.
#pragma once

#include "base/log/log.hpp"
#include "base/random.hpp"
#include "control/core/database.hpp"
#include "control/core/metrics.hpp"
#include "control/http/throttle.hpp"
#include "control/people/device.hpp"
#include "control/pki/authority.hpp"

namespace rap::control {

// The ports for starting, attaching, listing and ending.
struct AttachmentPorts {
  Database& database;
  RandomSource& rng;
  CurrentAuthority& authority;
  Log& log;
  Throttle& throttle;
  DevicePolicy devices = DevicePolicy::proven;
};

struct FallbackPorts {
  Database& database;
  Metrics& metrics;
  Log& log;
};

}  // namespace rap::control
