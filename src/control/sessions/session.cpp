#include "control/sessions/session.hpp"

#include <nlohmann/json.hpp>

#include "policy/protocols.hpp"

namespace rap::control {

Fields session_fields() {
  using namespace field;
  return {uuid("id"),
          object("organization", {uuid("id"), field::name("name")}),
          object("user", {uuid("id"), email("email")}),
          object("resource",
                 {uuid("id"), field::name("name"), choice("protocol", policy::protocol_names()),
                  of("ssh_host_key", FieldType::ssh_key).optional()}),
          choice("state", kSessionStateNames),
          time("created_at"),
          time("changed_at"),
          text("ended_because").optional()};
}

nlohmann::json to_json(const Session& s) {
  nlohmann::json out = {
      {"id", s.id.str()},
      {"organization", {{"id", s.organization.str()}, {"name", s.organization_name}}},
      {"user", {{"id", s.user.str()}, {"email", s.user_email}}},
      {"resource", {{"id", s.resource.str()}, {"name", s.resource_name}, {"protocol", s.protocol}}},
      {"state", to_string(s.state)},
      {"created_at", to_unix(s.created_at)},
      {"changed_at", to_unix(s.changed_at)}};
  if (s.ended_because) out["ended_because"] = *s.ended_because;
  return out;
}

}  // namespace rap::control
