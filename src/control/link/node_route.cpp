#include "control/link/node_route.hpp"

namespace rap::control {

AuditEntry NodeCall::audit_entry() const {
  AuditEntry entry = Call::audit_entry();
  entry.actor_kind = "node";
  entry.actor_id = node.id.str();
  entry.actor_name = node.name;
  return entry;
}

}  // namespace rap::control
