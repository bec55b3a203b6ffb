// The routes of signing in and of passwords. Attempts are limited in password_attempt.hpp.
#pragma once

#include <vector>

#include "control/http/route.hpp"
#include "control/people/ports.hpp"
#include "control/people/signing_in/ports.hpp"

namespace rap::control {

std::vector<RouteOf<SignInPorts>> sign_in_routes();
std::vector<RouteOf<SignInPorts>> password_routes();
std::vector<RouteOf<PeoplePorts>> password_reset_routes();

}  // namespace rap::control
