#include "control/people/user.hpp"

#include <nlohmann/json.hpp>

#include "policy/roles.hpp"

namespace rap::control {

Fields user_fields() {
  using namespace field;
  return {uuid("id"),
          email("email"),
          choice("platform_role", policy::kPlatformRoleNames),
          time("created_at"),
          of("disabled", FieldType::boolean),
          time("password_expires_at").optional()};
}

nlohmann::json to_json(const User& u) {
  nlohmann::json out = {{"id", u.id.str()},
                        {"email", u.email},
                        {"platform_role", to_string(u.platform_role)},
                        {"created_at", to_unix(u.created_at)},
                        {"disabled", u.disabled}};
  if (u.password_expires_at) out["password_expires_at"] = to_unix(*u.password_expires_at);
  return out;
}

}  // namespace rap::control
