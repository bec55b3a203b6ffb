#include "control/organizations/told.hpp"

#include "control/organizations/organization.hpp"

namespace rap::control {

void audit_with_organizations(Transaction& tx, const AuditEntry& entry, UserId user) {
  tx.audit(entry);
  for (const Membership& m : tx.organizations().memberships(user)) {
    AuditEntry told = entry;
    told.organization = m.organization.id;
    tx.audit(std::move(told));
  }
}

}  // namespace rap::control
