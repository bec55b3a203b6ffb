// What the platform does to a person concerns the organizations they belong to: each finds it in
// its own audit log (docs/decisions/told-not-asked.md).
#pragma once

#include "control/core/database.hpp"

namespace rap::control {

// Writes the entry, and once more for each organization of the user; under the platform's scope,
// while the memberships are still there.
void audit_with_organizations(Transaction& tx, const AuditEntry& entry, UserId user);

}  // namespace rap::control
