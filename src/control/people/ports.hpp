// The ports of the use cases of people.
#pragma once

#include <cstddef>

#include "base/random.hpp"
#include "control/core/database.hpp"
#include "control/core/metrics.hpp"
#include "control/http/throttle.hpp"
#include "control/people/bearer.hpp"
#include "control/people/password_hasher.hpp"

namespace rap::control {

struct SignInPorts {
  Database& database;
  RandomSource& rng;
  Throttle& throttle;
  PasswordHasher& passwords;
  Metrics& metrics;
  std::size_t max_bearers_per_user = kDefaultBearersPerUser;
};

// The ports of users, organizations and their members.
struct PeoplePorts {
  Database& database;
  RandomSource& rng;
  PasswordHasher& passwords;
};

}  // namespace rap::control
