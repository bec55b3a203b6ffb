// The settings of resources as members of requests and answers, by the table of
// policy/protocols.hpp.
#pragma once

#include "control/http/schema.hpp"
#include "policy/protocols.hpp"

namespace rap::control {

// Every setting, as a new resource is given them: one that all protocols require is required.
Fields setting_fields();

// All of them optional, and the members that take one away again.
Fields changed_setting_fields();

// Those that clients of the resource are told.
Fields client_setting_fields();

}  // namespace rap::control
