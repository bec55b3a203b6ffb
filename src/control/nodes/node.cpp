#include "control/nodes/node.hpp"

#include <algorithm>

#include "policy/roles.hpp"

namespace rap::control {

bool Node::has_role(policy::NodeRole role) const {
  return std::ranges::find(roles, role) != roles.end();
}

}  // namespace rap::control
