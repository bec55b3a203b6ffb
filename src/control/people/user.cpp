#include "control/people/user.hpp"

#include <nlohmann/json.hpp>

#include "policy/roles.hpp"

namespace rap::control {

Fields user_fields() {
  using namespace field;
  return {uuid("id"), email("email"), choice("platform_role", policy::kPlatformRoleNames),
          time("created_at"), of("disabled", FieldType::boolean)};
}

nlohmann::json to_json(const User& u) {
  return {{"id", u.id.str()},
          {"email", u.email},
          {"platform_role", to_string(u.platform_role)},
          {"created_at", to_unix(u.created_at)},
          {"disabled", u.disabled}};
}

}  // namespace rap::control
