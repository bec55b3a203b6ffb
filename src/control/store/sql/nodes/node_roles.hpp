// The roles of a node as SQL aggregates them.
#pragma once

#include <string_view>
#include <vector>

#include "policy/roles.hpp"

namespace rap::store {

// "entry,egress"
std::vector<policy::NodeRole> roles_from(std::string_view joined);

}  // namespace rap::store
