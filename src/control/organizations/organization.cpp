#include "control/organizations/organization.hpp"

#include <nlohmann/json.hpp>

#include "policy/roles.hpp"

namespace rap::control {

Fields organization_fields() {
  using namespace field;
  return {uuid("id"), field::name("name"), time("created_at"), of("disabled", FieldType::boolean)};
}

nlohmann::json to_json(const Organization& o) {
  return {{"id", o.id.str()},
          {"name", o.name},
          {"created_at", to_unix(o.created_at)},
          {"disabled", o.disabled}};
}

Fields member_fields() {
  using namespace field;
  return {uuid("user_id"), email("email"), choice("role", policy::kMemberRoleNames),
          time("created_at"), of("disabled", FieldType::boolean)};
}

nlohmann::json to_json(const Member& m) {
  return {{"user_id", m.user.str()},
          {"email", m.email},
          {"role", to_string(m.role)},
          {"created_at", to_unix(m.created_at)},
          {"disabled", m.disabled}};
}

}  // namespace rap::control
