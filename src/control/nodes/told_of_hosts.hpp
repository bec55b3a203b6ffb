// What becomes of a host of an organization, the organization finds in its own audit log.
#pragma once

#include <optional>

#include "control/core/database.hpp"

namespace rap::control {

// Writes the entry for the platform, and once more for the organization whose host it is.
void audit_with_organization(Transaction& tx, AuditEntry entry,
                             const std::optional<OrganizationId>& organization);

}  // namespace rap::control
