// The ports of users, organizations and their members.
#pragma once

#include "base/random.hpp"
#include "control/core/database.hpp"
#include "control/people/password_hasher.hpp"

namespace rap::control {

struct PeoplePorts {
  Database& database;
  RandomSource& rng;
  PasswordHasher& passwords;
};

}  // namespace rap::control
