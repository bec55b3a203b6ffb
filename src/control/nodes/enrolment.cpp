#include "control/nodes/enrolment.hpp"

#include "control/http/json_reply.hpp"

namespace rap::control {

Fields enrolment_fields() {
  using namespace field;
  return {uuid("id"),
          uuid("node_id"),
          field::name("node_name"),
          choice("state", wire::kEnrolmentStateNames),
          text("data_plane_advertise"),
          text("fabric_advertise"),
          of("metadata", FieldType::free_object),
          text("source_ip"),
          time("created_at"),
          time("decided_at").optional()};
}

Json to_json(const Enrolment& e) {
  Json out = {{"id", e.id.str()},
              {"node_id", e.node.str()},
              {"node_name", e.node_name},
              {"state", to_string(e.state)},
              {"data_plane_advertise", e.data_plane_advertise},
              {"fabric_advertise", e.fabric_advertise},
              {"metadata", parse_stored(e.metadata)},
              {"source_ip", e.source_ip},
              {"created_at", to_unix(e.created_at)}};
  if (e.decided_at) out["decided_at"] = to_unix(*e.decided_at);
  return out;
}

}  // namespace rap::control
