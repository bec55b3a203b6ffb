// The first transaction of a platform: its cluster and its first platform_owner.
#pragma once

#include <string>

#include "control/core/database.hpp"
#include "control/people/user.hpp"

namespace rap::control {

// Refused when the database belongs to another cluster or has a platform_owner already.
Outcome<void> bootstrap(Database& database, ClusterId cluster, const User& owner,
                        const std::string& password_hash);

}  // namespace rap::control
