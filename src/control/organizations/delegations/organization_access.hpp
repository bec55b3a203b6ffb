// The role a caller has in the organization of that name: the check in front of everything
// that is an organization's.
#pragma once

#include <string_view>

#include "control/core/database.hpp"
#include "control/http/call.hpp"
#include "policy/authorization.hpp"

namespace rap::control {

// The organization with the role that the caller acts in, when `access` allows them in. Otherwise
// 404 for who is not to learn of it, 403 for who may know.
Outcome<OrganizationContext> enter_organization(Database& database, const Caller& caller,
                                                std::string_view key, policy::Access access,
                                                WallTime now);

// Whether `access`, to what is the platform's own, lets the caller in.
Outcome<void> enter_platform(Database& database, const Caller& caller, policy::Access access,
                             WallTime now);

}  // namespace rap::control
