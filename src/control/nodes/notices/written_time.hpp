// Moments as notices write them for an owner.
#pragma once

#include <string>

#include "base/time.hpp"

namespace rap::control {

std::string date_of(WallTime time);    // 2027-01-15
std::string minute_of(WallTime time);  // 2027-01-15 08:00 UTC

}  // namespace rap::control
