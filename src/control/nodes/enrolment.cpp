#include "control/nodes/enrolment.hpp"

#include "control/core/enum_names.hpp"
#include "control/http/json_reply.hpp"

namespace rap::control {
namespace {

constexpr EnumNames<EnrolmentState, 3> kStates("pending", "approved", "denied");

}  // namespace

std::string_view to_string(EnrolmentState state) { return kStates.of(state); }
std::optional<EnrolmentState> enrolment_state_from(std::string_view s) { return kStates.named(s); }

Fields enrolment_fields() {
  using namespace field;
  return {uuid("id"),
          uuid("node_id"),
          field::name("node_name"),
          choice("state", {"pending", "approved", "denied"}),
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
