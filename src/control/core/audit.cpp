#include "control/core/audit.hpp"

#include <nlohmann/json.hpp>

namespace rap::control {

AuditEntry AuditEntry::of_system(WallTime now, std::string name) {
  AuditEntry entry;
  entry.at = now;
  entry.actor_kind = "system";
  entry.actor_name = std::move(name);
  return entry;
}

AuditEntry AuditEntry::about(std::string_view what, std::string_view kind, std::string id,
                             std::string name) const {
  AuditEntry entry = *this;
  entry.action = what;
  entry.target_kind = kind;
  entry.target_id = std::move(id);
  entry.target_name = std::move(name);
  return entry;
}

AuditEntry AuditEntry::with(const nlohmann::json& details) const {
  AuditEntry entry = *this;
  entry.detail = details.dump();
  return entry;
}

}  // namespace rap::control
