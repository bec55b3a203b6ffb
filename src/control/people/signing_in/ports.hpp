// The ports of the use cases of signing in and of passwords.
#pragma once

#include <cstddef>

#include "base/random.hpp"
#include "control/core/database.hpp"
#include "control/core/metrics.hpp"
#include "control/http/throttle.hpp"
#include "control/people/bearer.hpp"
#include "control/people/device.hpp"
#include "control/people/password_hasher.hpp"
#include "control/people/signing_in/device_proofs.hpp"

namespace rap::control {

struct SignInLimits {
  Throttle& throttle;
  std::size_t max_bearers_per_user = kDefaultBearersPerUser;
};

// What a sign-in's device has to be.
struct SignInDevices {
  DeviceProofs& proofs;
  DevicePolicy policy = DevicePolicy::proven;
};

struct SignInPorts {
  Database& database;
  RandomSource& rng;
  SignInLimits limits;
  PasswordHasher& passwords;
  Metrics& metrics;
  SignInDevices devices;
};

}  // namespace rap::control
