#include "control/nodes/enrolment/issued_join_token.hpp"

#include <nlohmann/json.hpp>

namespace rap::control {

Fields join_token_fields() {
  using namespace field;
  return {uuid("id"),         uuid("node_id"),    field::name("node_name"),
          time("created_at"), time("expires_at"), time("used_at").optional()};
}

nlohmann::json to_json(const IssuedJoinToken& t) {
  nlohmann::json out = {{"id", t.id.str()},
                        {"node_id", t.node.str()},
                        {"node_name", t.node_name},
                        {"created_at", to_unix(t.created_at)},
                        {"expires_at", to_unix(t.expires_at)}};
  if (t.used_at) out["used_at"] = to_unix(*t.used_at);
  return out;
}

}  // namespace rap::control
