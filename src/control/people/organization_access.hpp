// From the name of an organization to the caller's standing in it: the check in front of everything
// that is an organization's.
#pragma once

#include "control/http/route.hpp"

namespace rap::control {

// The organization with the caller's role in it, when `access` allows them in. Otherwise 404 for
// who is not to learn of it, 403 for who may know.
Outcome<OrganizationContext> enter_organization(Database& database, const User& caller,
                                                std::string_view key, policy::Access access);

}  // namespace rap::control
