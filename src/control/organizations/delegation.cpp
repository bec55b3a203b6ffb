#include "control/organizations/delegation.hpp"

#include <nlohmann/json.hpp>

namespace rap::control {

Fields delegation_fields() {
  using namespace field;
  return {uuid("user_id"),    email("email"),     choice("right", policy::kDelegatedRightNames),
          time("created_at"), text("created_by"), time("expires_at")};
}

nlohmann::json to_json(const Delegation& d) {
  return {{"user_id", d.user.str()},          {"email", d.email},
          {"right", to_string(d.right)},      {"created_at", to_unix(d.created_at)},
          {"created_by", d.created_by_email}, {"expires_at", to_unix(d.expires_at)}};
}

void audit_ends(Transaction& tx, const Call& call, const std::vector<Delegation>& ended) {
  for (const Delegation& d : ended) {
    AuditEntry entry = call.audit("delegation.removed", "user", d.user.str(), d.email);
    entry.organization = d.organization;
    tx.audit(entry.with({{"right", to_string(d.right)}, {"given_by", d.created_by_email}}));
  }
}

}  // namespace rap::control
