#include "control/nodes/told_of_hosts.hpp"

namespace rap::control {

void audit_with_organization(Transaction& tx, AuditEntry entry,
                             const std::optional<OrganizationId>& organization) {
  entry.organization = std::nullopt;
  tx.audit(entry);
  if (!organization) return;
  entry.organization = organization;
  tx.audit(std::move(entry));
}

}  // namespace rap::control
