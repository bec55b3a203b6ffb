// The role of a member as a row has it: a word that the schema checks.
#pragma once

#include "control/store/postgres/connection.hpp"
#include "policy/roles.hpp"

namespace rap::store {

inline policy::OrganizationRole organization_role(const Row& row, int column) {
  return policy::organization_role_from(row.text(column)).value_or(policy::OrganizationRole::none);
}

}  // namespace rap::store
