// Setting a temporary password for a person, for whatever reason.
#pragma once

#include <string>

#include "control/core/database.hpp"
#include "control/people/user.hpp"

namespace rap::control {

// The account may be in the wrong hands: its bearers, unused tokens and live flows end. Under the
// platform's scope; yields until when the password is good.
WallTime set_temporary_password(Transaction& tx, const User& user, const std::string& hash,
                                WallTime now);

}  // namespace rap::control
