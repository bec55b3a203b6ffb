// The bound of everything that is listed.
#pragma once

#include "wire/max_listed.hpp"

namespace rap::control {

using wire::kMaxListed;

}  // namespace rap::control
