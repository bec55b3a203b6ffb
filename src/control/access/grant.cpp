#include "control/access/grant.hpp"

#include <nlohmann/json.hpp>

namespace rap::control {

Fields grant_fields() {
  using namespace field;
  return {uuid("user_id"), email("email"), time("created_at"), of("disabled", FieldType::boolean)};
}

nlohmann::json to_json(const Grant& g) {
  return {{"user_id", g.user.str()},
          {"email", g.email},
          {"created_at", to_unix(g.created_at)},
          {"disabled", g.disabled}};
}

}  // namespace rap::control
