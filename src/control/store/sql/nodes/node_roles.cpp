#include "control/store/sql/nodes/node_roles.hpp"

#include <algorithm>

namespace rap::store {

std::vector<policy::NodeRole> roles_from(std::string_view joined) {
  std::vector<policy::NodeRole> roles;
  while (!joined.empty()) {
    const std::size_t comma = std::min(joined.find(','), joined.size());
    if (auto role = policy::node_role_from(joined.substr(0, comma))) roles.push_back(*role);
    joined.remove_prefix(std::min(comma + 1, joined.size()));
  }
  std::ranges::sort(roles);
  return roles;
}

}  // namespace rap::store
